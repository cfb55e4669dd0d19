import Bytes

/// The path a route is for: a prefix on segment borders, or one path exactly.
///
/// A pattern is held in the reading on which routes are matched, without a slash at its end: `/admin` and `/admin/` are the
/// same rule (G72).
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
    /// The same as a careless upstream compares it.
    let folded: [UInt8]

    /// A prefix on segment borders, as `path: /api/` says.
    package init(prefix text: String) throws(PathPatternError) {
        try self.init(kind: .prefix, text: text)
    }

    /// One path, as `exact: /x` says.
    package init(exact text: String) throws(PathPatternError) {
        try self.init(kind: .exact, text: text)
    }

    private init(kind: Kind, text: String) throws(PathPatternError) {
        guard text.utf8.first == PathReading.slash else { throw .notAbsolute }
        if text.utf8.contains(UInt8(ascii: "*")) { throw .wildcard }
        // Written with letters beyond ASCII for people; browsers send them encoded.
        var encoded = ByteBuffer()
        for byte in text.utf8 {
            if byte < 0x80 { encoded.append(byte) } else { encoded.append(percentEncoded: byte) }
        }
        var canonical = ByteBuffer()
        var folded = ByteBuffer()
        do throws(PathRefusal) {
            let needs = try PathReading.write(encoded.bytes, into: &canonical)
            if needs.contains(.doubleSlash) { throw .doubleSlash }
            if needs.contains(.encodedSlash) { throw .encodedSlash }
            if needs.contains(.semicolon) { throw .semicolon }
            if needs.contains(.encodedPercent) { throw .encodedPercent }
            _ = try FoldedReading.write(canonical, into: &folded)
        } catch {
            throw .refused(error)
        }
        // One spelling only, so that what is read in the file is what is compared.
        guard canonical.bytes.equals(encoded.bytes) else {
            throw .notCanonical(String(strictUTF8: canonical.bytes) ?? "/")
        }
        self.kind = kind
        self.text = text
        self.canonical = Self.withoutSlash(canonical.array)
        self.folded = Self.withoutSlash(folded.array)
    }

    /// True when a canonical path is this one or lies below it.
    func covers(_ path: Span<UInt8>) -> Bool { Self.isUnder(canonical, path) }

    /// The same of a folded path.
    func coversFolded(_ path: Span<UInt8>) -> Bool { Self.isUnder(folded, path) }

    private static func isUnder(_ prefix: [UInt8], _ path: Span<UInt8>) -> Bool {
        let count = prefix.count
        if path.count < count { return false }
        if path.count > count && path[count] != PathReading.slash { return false }
        for index in 0..<count where prefix[index] != path[index] { return false }
        return true
    }

    private static func withoutSlash(_ path: [UInt8]) -> [UInt8] {
        path.last == PathReading.slash ? Array(path.dropLast()) : path
    }

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
    /// It holds `*`; a path is a prefix already.
    case wildcard
    /// No request with such a path would ever pass.
    case refused(PathRefusal)
    /// It has another spelling, which is the one to write.
    case notCanonical(String)
}
