import Bytes
import OpenIDConnect
import Routing
import Sessions

/// What the flows need to know of each site: its origin, its redirect URIs, its cookies.
package struct LoginSites: Sendable {
    struct Entry: Sendable {
        let origin: String
        /// The URL to register with the provider, byte for byte the same in every request (A4).
        let redirectURI: String
        let postLogoutRedirectURI: String
        let session: SessionCookie
        let sealed: SealedCookies
        let isStrict: Bool
    }

    let entries: [Entry]
    let endpoints: PathPattern
    let loginPath: String
    /// Some route sends the ID token upstream as a bearer token, so it is put into no address (F3).
    let idTokenIsBearer: Bool
    let postLogoutPath: ReturnTarget
    private let table: RouteTable
    /// By route: its page is shown without a session.
    private let open: [Bool]

    init(_ snapshot: Snapshot, keys: [Secret]) {
        let prefix = snapshot.settings.endpointsPrefix
        entries = zip(snapshot.sites.sites, snapshot.cookies).map { site, cookie in
            Entry(
                origin: site.origin, redirectURI: site.origin + prefix + Endpoint.callback.suffix.description,
                postLogoutRedirectURI: site.origin + prefix + Endpoint.logoutCallback.suffix.description,
                session: cookie, sealed: SealedCookies(keys: keys, site: site.origin, isSecure: site.isSecure),
                isStrict: snapshot.settings.session.sameSite == .strict)
        }
        endpoints = snapshot.endpoints
        table = snapshot.table
        open = snapshot.settings.routes.map { $0.access == .public || $0.access == .optional }
        loginPath = snapshot.loginPath
        idTokenIsBearer = snapshot.settings.routes.contains { $0.token == .id }
        postLogoutPath =
            ReturnTarget(
                local: snapshot.settings.provider.logout.postLogoutPath.utf8Span.span, endpoints: snapshot.endpoints)
            ?? .root
    }

    /// True when a browser without a session may go there.
    func isOpen(_ target: ReturnTarget, site: Int) -> Bool {
        var selector = RouteSelector()
        let bytes = target.text.utf8Span.span
        let end = bytes.indices.first { bytes[$0] == UInt8(ascii: "?") || bytes[$0] == UInt8(ascii: "#") }
        let method: StaticString = "GET"
        let path = bytes.extracting(0..<(end ?? bytes.count))
        guard
            case .route(let index) = selector.select(
                site: site, path: path, method: method.description.utf8Span.span, in: table)
        else { return false }
        return open[index]
    }
}
