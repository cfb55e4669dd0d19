/// Where a claim is found: its name, or names joined by dots for one inside another.
///
/// A name that holds dots itself (`https://example.com/roles`) is found as it stands: the longest name counts first.
package struct ClaimPath: Sendable, Hashable, ExpressibleByStringLiteral {
    package let text: String

    package init(_ text: String) { self.text = text }
    package init(stringLiteral text: String) { self.text = text }

    /// The claim's value; nil when it is missing or null.
    package func value(in claims: JSONObject) -> JSONValue? {
        guard let found = Self.find(Substring(text), in: claims), !found.isNull else { return nil }
        return found
    }

    private static func find(_ path: Substring, in object: JSONObject) -> JSONValue? {
        if let whole = object[String(path)] { return whole }
        var end = path.endIndex
        while let dot = path[..<end].lastIndex(of: ".") {
            if let inner = object[String(path[..<dot])]?.object,
                let found = find(path[path.index(after: dot)...], in: inner)
            {
                return found
            }
            end = dot
        }
        return nil
    }
}
