import Bytes
import HTTP

/// Which cookie names are ours, in any disguise: never forwarded, never set by an upstream (E11, E12).
///
/// Ours is every name that, after folding case and taking off the prefixes that browsers know, equals the session
/// cookie's or `postern`, or begins with `postern-`.
struct ReservedCookies: Sendable {
    private let session: [UInt8]

    init(sessionCookie: String) {
        let name = Array(sessionCookie.utf8)
        session = Array(Self.bare(name.span)).map { ByteClass.lowercase($0) }
    }

    func contains(_ name: Span<UInt8>) -> Bool {
        let bare = Self.bare(name)
        if bare.equalsIgnoringCase("postern") || bare.equalsIgnoringCase(session.span) { return true }
        return bare.count >= 8 && bare.extracting(0..<8).equalsIgnoringCase("postern-")
    }

    /// The name without `__Host-`, `__Secure-`, `__Http-`, `__Host-Http-`, in any letter case.
    @_lifetime(copy name)
    private static func bare(_ name: Span<UInt8>) -> Span<UInt8> {
        if name.count < 2 || name[0] != UInt8(ascii: "_") || name[1] != UInt8(ascii: "_") { return name }
        for length in [12, 9, 7] where name.count >= length {
            let prefix = name.extracting(0..<length)
            if prefix.equalsIgnoringCase("__host-http-") || prefix.equalsIgnoringCase("__secure-")
                || prefix.equalsIgnoringCase("__host-") || prefix.equalsIgnoringCase("__http-")
            {
                return name.extracting(length..<name.count)
            }
        }
        return name
    }
}
