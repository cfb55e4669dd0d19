import Testing

/// Where the tests' program begins.
///
/// With it SwiftPM looks for no XCTest classes, for which every build would have to write an index.
@main
struct Runner {
    static func main() async {
        // SwiftPM starts the program once for each library that it knows; there is nothing for the other.
        guard CommandLine.arguments.contains("swift-testing") else { return }
        await Testing.__swiftPMEntryPoint() as Never
    }
}
