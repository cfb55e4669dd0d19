/// A value that code may use and nobody may read in a log, a dump or an error message.
///
/// `Secret` is for bytes that need wiping; this is for anything else that came from a secret place.
package struct Redacted<Value: Sendable>: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// The value itself.
    ///
    /// Whoever asks must need it for its purpose, never for a message.
    package let exposed: Value

    package init(_ value: Value) { exposed = value }

    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension Redacted: Equatable where Value: Equatable {}
extension Redacted: Hashable where Value: Hashable {}

/// What may be shown of text that can hold more than it should.
package enum Redaction {
    /// An address without user information, query and fragment (RFC 3986, section 3).
    ///
    /// Works on any text: what is not an address comes back up to its first `?` or `#`.
    package static func address(_ text: String) -> String {
        var kept = text.utf8[...]
        if let cut = kept.firstIndex(where: { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }) {
            kept = kept[..<cut]
        }
        guard let slashes = Substring(kept).firstRange(of: "//") else { return String(Substring(kept)) }
        let rest = kept[slashes.upperBound...]
        let authorityEnd = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        guard let at = rest[..<authorityEnd].lastIndex(of: UInt8(ascii: "@")) else { return String(Substring(kept)) }
        return String(Substring(kept[..<slashes.upperBound])) + String(Substring(kept[kept.index(after: at)...]))
    }
}
