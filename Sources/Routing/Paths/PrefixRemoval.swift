private import Bytes

/// Takes a route's path off a request's, and leaves the rest as it came (key `strip_prefix`, G70).
package enum PrefixRemoval {
    /// Where the rest of `path` begins, which `pattern` was selected for: at a slash, or at the end.
    ///
    /// Nil when the rest would begin with two slashes, which upstreams take for the beginning of a host.
    package static func restStart(of path: Span<UInt8>, behind pattern: PathPattern) -> Int? {
        var canonical = 0
        var index = 0
        while canonical < pattern.canonical.count && index < path.count {
            let octet = path[index] == PathReading.percent ? Lookalike.octet(in: path, at: index) : nil
            let byte = octet ?? path[index]
            // What the canonical form writes as one byte, and what as three.
            let staysEncoded = octet != nil && (byte == PathReading.slash || byte == PathReading.semicolon)
            let isPlain = PathReading.plainLower.contains(byte) || PathReading.upper.contains(byte)
            canonical += isPlain && !staysEncoded || byte == PathReading.semicolon && octet == nil ? 1 : 3
            index += octet == nil ? 1 : 3
        }
        if index + 1 < path.count && path[index] == PathReading.slash && path[index + 1] == PathReading.slash {
            return nil
        }
        return index
    }
}
