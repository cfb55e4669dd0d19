private import Bytes
private import Formats

/// The name of a file beneath a root, as a request path says it.
struct FileName: Equatable {
    /// Relative to the root, without a slash at the beginning; empty for the root itself.
    let text: String
    /// The path ended with a slash, or was the root: a directory is meant.
    let isDirectory: Bool

    /// From a canonical path; nil for what is never served.
    ///
    /// Decoded once more than the path was read: names are bytes. What could then be another path than the one that was
    /// decided on, `%2F` and empty segments, names no file. Names that begin with a dot are nobody's business, except
    /// `.well-known` (RFC 8615).
    init?(path: Span<UInt8>) {
        guard let decoded = PercentEncoding.decode(path), let text = String(validating: decoded, as: UTF8.self) else {
            return nil
        }
        var segments = text.split(separator: "/", omittingEmptySubsequences: false)
        guard segments.count == Self.slashes(in: path) + 1, !decoded.contains(0) else { return nil }
        if segments.first?.isEmpty == true { segments.removeFirst() }
        let isDirectory = segments.isEmpty || segments.last?.isEmpty == true
        if isDirectory { _ = segments.popLast() }
        for segment in segments {
            if segment.isEmpty || segment.utf8.first == UInt8(ascii: ".") && segment != ".well-known" { return nil }
        }
        self.text = segments.joined(separator: "/")
        self.isDirectory = isDirectory
    }

    private static func slashes(in path: Span<UInt8>) -> Int {
        var count = 0
        for index in path.indices where path[index] == UInt8(ascii: "/") { count += 1 }
        return count
    }

    /// The last segment has an ending.
    var hasEnding: Bool {
        guard !isDirectory else { return false }
        return text[(text.lastIndex(of: "/") ?? text.startIndex)...].contains(".")
    }
}
