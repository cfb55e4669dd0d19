package import Formats

/// The place of a claim: a name, or names joined by dots (`realm_access.roles`).
///
/// A claim whose own name has dots (`https://example.com/roles`) is found under that name first.
package struct ClaimPath: Sendable, Equatable {
    private let text: String

    package init(_ text: String) { self.text = text }

    /// The value there; nil for none and for null.
    package func value(in claims: JSONObject) -> JSONValue? { Self.find(text[...], in: claims) }

    private static func find(_ path: Substring, in claims: JSONObject) -> JSONValue? {
        if let value = claims[String(path)] { return value.isNull ? nil : value }
        // The longest name that is a claim wins.
        var end = path.endIndex
        while let dot = path[..<end].lastIndex(of: ".") {
            if let inner = claims[String(path[..<dot])]?.object {
                return find(path[path.index(after: dot)...], in: inner)
            }
            end = dot
        }
        return nil
    }
}
