package import Formats

/// The sites of the gateway, and which of them a request came to.
///
/// Redirect URIs, cookies and forwarded fields derive from the site, never from what a request says about itself (A4).
package struct SiteOrigins: Sendable {
    package let sites: [Site]

    /// From the URLs of `public_url`, in order; nil when one is no origin, or two are the same host and port.
    package init?(_ urls: [URLParts]) {
        var sites: [Site] = []
        for url in urls {
            guard let site = Site(url), !sites.contains(where: { $0.host == site.host && $0.port == site.port }) else {
                return nil
            }
            sites.append(site)
        }
        if sites.isEmpty { return nil }
        self.sites = sites
    }

    /// The hosts in the order of the sites, for ``RouteTable``.
    package var hosts: [String] { sites.map(\.host) }

    /// The index of the site that a request's checked authority names; nil is 421, whose page names a right address
    /// (G14, G15).
    package func find(host: Span<UInt8>, port: UInt16?) -> Int? {
        for index in sites.indices where sites[index].isAuthority(host: host, port: port) { return index }
        return nil
    }

    /// The same for `host[:port]` as a trusted proxy tells it, unchecked.
    package func find(authority: Span<UInt8>) -> Int? {
        var end = authority.count
        var port = 0
        var unit = 1
        // From the right, at most five digits: what is longer is no port, and no host of ours.
        while end > 0, authority.count - end < 5, authority[end - 1] &- UInt8(ascii: "0") < 10 {
            port += unit * Int(authority[end - 1] &- UInt8(ascii: "0"))
            unit *= 10
            end -= 1
        }
        guard end > 1, end < authority.count, authority[end - 1] == UInt8(ascii: ":") else {
            return find(host: authority, port: nil)
        }
        guard let port = UInt16(exactly: port) else { return nil }
        return find(host: authority.extracting(0..<(end - 1)), port: port)
    }
}
