import Bytes
import Formats

/// The parameters of a request, from a query or a form.
///
/// RFC 6749, section 3.1: without a value they count as absent, and none may come twice.
struct Parameters: Sendable {
    private let pairs: [(name: String, value: String)]

    /// Parses `application/x-www-form-urlencoded` bytes; nil when they are not that.
    init?(parsing bytes: Span<UInt8>) {
        guard let parsed = try? FormEncoding.parse(bytes) else { return nil }
        pairs = parsed.filter { !$0.value.isEmpty }
    }

    init?(query: String) { self.init(parsing: query.utf8Span.span) }

    /// The value of `name`, when there is exactly one.
    subscript(name: String) -> String? {
        let found = pairs.filter { $0.name == name }
        return found.count == 1 ? found[0].value : nil
    }

    func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }

    func isRepeated(_ name: String) -> Bool { all(name).count > 1 }

    /// The first name that comes more than once, although it may not.
    ///
    /// `resource` may (RFC 8707, section 2).
    var firstRepeated: String? {
        var seen: Set<String> = []
        return pairs.first { $0.name != "resource" && !seen.insert($0.name).inserted }?.name
    }
}
