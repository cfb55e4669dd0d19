/// The path a route is for: a prefix on segment borders, or one path exactly.
///
/// A pattern is held in the reading on which routes are matched (``NormalizedPath``), without a slash at its end:
/// `/admin` and `/admin/` are the same rule (G72).
package struct PathPattern: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// The path itself and everything below it.
        case prefix
        /// The path itself, with or without a slash at its end.
        case exact
    }

    package let kind: Kind
    /// As it was written, for messages, logs and metrics.
    package let text: String
    /// What is compared: canonical, without a slash at its end; empty for `/`.
    package let canonical: [UInt8]

    /// A prefix on segment borders, as `path: /api/` says.
    package init(prefix text: String) throws(PathPatternError) {
        try self.init(kind: .prefix, text: text)
    }

    /// One path, as `exact: /x` says.
    package init(exact text: String) throws(PathPatternError) {
        try self.init(kind: .exact, text: text)
    }

    private init(kind: Kind, text: String) throws(PathPatternError) {
        let bytes = [UInt8](text.utf8)
        guard bytes.first == UInt8(ascii: "/") else { throw .notAbsolute }
        // A rule is written in plain characters, so that it has one spelling only and can never miss what it names.
        for byte in bytes where !PathPattern.plain.contains(byte) { throw .character(byte) }
        var segments = bytes.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        if segments.last?.isEmpty == true { segments.removeLast() }
        for segment in segments {
            if segment.isEmpty { throw .emptySegment }
            if segment.elementsEqual(".".utf8) || segment.elementsEqual("..".utf8) { throw .dotSegment }
        }
        self.kind = kind
        self.text = text
        self.canonical = bytes.last == UInt8(ascii: "/") ? Array(bytes.dropLast()) : bytes
    }

    /// `unreserved` and the harmless `sub-delims` of RFC 3986, and the slash.
    private static let plain = Set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,=:@/".utf8)

    package static func == (a: PathPattern, b: PathPattern) -> Bool { a.kind == b.kind && a.canonical == b.canonical }
    package func hash(into hasher: inout Hasher) {
        hasher.combine(kind)
        hasher.combine(canonical)
    }
}

/// Why a text is no path for a route.
package enum PathPatternError: Error, Equatable {
    /// It does not begin with `/`.
    case notAbsolute
    /// It holds a byte that a rule is never written with: `%`, `;`, `\`, `?`, `#`, `{`, `*`, controls, non-ASCII.
    case character(UInt8)
    /// It holds `//`.
    case emptySegment
    /// It holds `.` or `..` as a segment.
    case dotSegment
}
