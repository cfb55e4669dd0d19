private import Bytes
package import Formats

/// One origin under which browsers know the gateway: an entry of `public_url`.
///
/// A class, since every request asks for one: a copy counts once and not for each of its parts.
package final class Site: Sendable, Equatable {
    /// Scheme and authority, `https://app.example.com`, as browsers write it in `Origin` (RFC 6454, section 6.2).
    package let origin: String
    /// Lower case, without port.
    package let host: String
    /// The written port, or the scheme's.
    package let port: Int
    /// True for https.
    package let isSecure: Bool
    let originBytes: [UInt8]
    let hostBytes: [UInt8]
    private let defaultPort: Int

    /// From an absolute http or https URL; nil for every other one.
    ///
    /// Path, query and fragment do not count.
    package init?(_ url: URLParts) {
        guard url.scheme == "https" || url.scheme == "http" else { return nil }
        isSecure = url.scheme == "https"
        defaultPort = isSecure ? 443 : 80
        origin = url.origin
        host = url.host
        port = url.port ?? defaultPort
        originBytes = [UInt8](origin.utf8)
        hostBytes = [UInt8](host.utf8)
    }

    package static func == (a: Site, b: Site) -> Bool { a.origin == b.origin }

    /// Host, and port where it is not the scheme's.
    package var authority: String { port == defaultPort ? host : "\(host):\(port)" }

    /// True when an `Origin` field's value is this site's: byte for byte, since browsers write it in one way only (E22).
    package func isOrigin(_ value: Span<UInt8>) -> Bool { value.equals(originBytes) }

    /// True when a request's authority names this site; the scheme's port may be written or left out (G14).
    package func isAuthority(host: Span<UInt8>, port: UInt16?) -> Bool {
        guard host.count == hostBytes.count, Int(port ?? UInt16(defaultPort)) == self.port else { return false }
        for index in host.indices where ByteClass.lowercase(host[index]) != hostBytes[index] { return false }
        return true
    }

    /// True when a `Referer` field's value is a page of this site.
    ///
    /// It is never a substitute for `Origin` (E22).
    package func isPage(_ referer: Span<UInt8>) -> Bool {
        // What follows the origin must end it: `https://app.example.com.evil/`, `…:8443/` and `…@evil/` begin with it too.
        let origin = originBytes
        guard referer.hasPrefix(origin.span) else { return false }
        return referer.count == origin.count || referer[origin.count] == UInt8(ascii: "/")
    }
}
