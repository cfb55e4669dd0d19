import Testing

/// Where the tests' program begins when `Tests/run` builds it.
///
/// With it SwiftPM looks for no XCTest classes, for which every build would have to write an index. It also makes SwiftPM
/// run no test of Swift Testing by itself, so it stands where only `Tests/run` sees it.
@main
struct Runner {
    static func main() async {
        await Testing.__swiftPMEntryPoint() as Never
    }
}
