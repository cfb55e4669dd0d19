import Bytes
import Formats
import HTTP
import HTTPClient
package import HTTPServer
import OpenIDConnect
import Routing
import Sessions
import Sockets
import Telemetry
import Time

/// A configuration as the workers use it: compiled, immutable, shared.
package final class Snapshot: Sendable {
    package let settings: GatewaySettings
    let sites: SiteOrigins
    let table: RouteTable
    let plans: [RoutePlan]
    /// The session cookie of each site.
    let cookies: [SessionCookie]
    private let reserved: ReservedCookies
    /// Every header that some route sets, and every family that proxies believe: never accepted from a client (E33).
    let protectedNames: ProtectedNames
    package let headerPlans: HeaderPlans
    let identity: IdentityClaims
    /// TLS of each listener, and of each upstream that has a server under https, in the order of the settings.
    let listenerTLS: [ServerTLS?]
    let tickets: ServerTickets
    let upstreamTLS: [UpstreamTLS?]
    let endpoints: PathPattern
    let endpointsPrefix: [UInt8]
    let loginPath: String
    /// Our name in `Via`: another one in each process, so that two gateways in a row are not taken for a loop.
    let pseudonym: [UInt8]
    private let ownAnswerLines: [[UInt8]]
    private let ownPageLines: [[UInt8]]

    /// Passages through this process after which a request is refused (G32).
    static let mostPassages = 3
    /// Time that an access token must have left to be sent along without waiting for its successor.
    static let enoughForOneRequest = Duration.seconds(5)
    static let longestWaitForStore = Duration.seconds(10)

    let longestWaitForProvider: Duration
    let longestWaitForRefresh: Duration
    /// How often the store is told that a session is in use.
    let touchInterval: Delay

    /// Fields of a client's request that never pass: replaced by ours, or nobody's business (contract, section 4).
    static let neverForwarded: KnownFieldSet = [
        .host, .cookie, .authorization, .proxyAuthorization, .dpop, .clientCert, .clientCertChain, .forwarded,
        .xForwardedFor, .xForwardedHost, .xForwardedProto, .xForwardedPort, .xForwardedPrefix, .xForwardedServer,
        .xForwardedUser, .xForwardedEmail, .xForwardedGroups, .xForwardedPreferredUsername, .xRealIP, .xRequestID,
        .traceparent, .via, .expect, .contentLength,
    ]

    /// Compiles the settings.
    ///
    /// - Parameter tickets: of the process, so that clients resume across a reload.
    /// - Throws: ``SnapshotError``; settings that `Configuration` has checked do not lead there.
    package init(
        _ settings: GatewaySettings, pseudonym: String, tickets: ServerTickets
    ) throws(SnapshotError) {
        self.settings = settings
        guard let sites = SiteOrigins(settings.publicURLs.compactMap { URLParts($0) }),
            sites.sites.count == settings.publicURLs.count
        else { throw .publicURL }
        self.sites = sites
        guard let endpoints = try? PathPattern(prefix: settings.endpointsPrefix) else { throw .endpoints }
        self.endpoints = endpoints
        do throws(RouteTableError) {
            table = try RouteTable(routes: settings.routes, siteHosts: sites.hosts, endpoints: endpoints)
        } catch {
            throw .routes
        }
        let names = settings.provider.claims
        var identity = IdentityClaims()
        identity.user = ClaimPath(names.user)
        identity.email = ClaimPath(names.email)
        identity.groups = ClaimPath(names.groups)
        identity.roles = ClaimPath(names.roles)
        identity.believesUnverifiedEmail = settings.provider.tolerate.contains(.unverifiedEmail)
        self.identity = identity
        let compiled = try Self.compile(settings, table, sites, identity, pseudonym)
        plans = compiled.plans
        headerPlans = HeaderPlans(compiled.headerPlans)
        for route in settings.routes {
            guard case .upstream(let name) = route.target else { continue }
            guard settings.upstreams.contains(where: { $0.name == name }) else { throw .upstream(name) }
        }
        self.tickets = tickets
        do {
            listenerTLS = try settings.listeners.map { listener in
                try listener.tls.map { try ServerTLS($0, tickets: tickets) }
            }
            upstreamTLS = try settings.upstreams.map { upstream in
                upstream.servers.contains(where: \.isSecure)
                    ? try UpstreamTLS(upstream.tls, offersHTTP2: upstream.http2) : nil
            }
        } catch {
            throw .certificates("\(error)")
        }
        protectedNames = ProtectedNames(routes: settings.routes)
        var cookies: [SessionCookie] = []
        for site in sites.sites {
            guard let cookie = SessionCookie(settings: settings.session, isSecure: site.isSecure) else {
                throw .cookie
            }
            cookies.append(cookie)
        }
        self.cookies = cookies
        reserved = ReservedCookies(sessionCookie: settings.session.cookie)
        endpointsPrefix = Array(settings.endpointsPrefix.utf8)
        loginPath = settings.endpointsPrefix + Endpoint.login.suffix.description
        self.pseudonym = Array(pseudonym.utf8)
        ownAnswerLines = sites.sites.map { OwnHeaders.lines(isPage: false, isSecure: $0.isSecure) }
        ownPageLines = sites.sites.map { OwnHeaders.lines(isPage: true, isSecure: $0.isSecure) }
        longestWaitForProvider = settings.provider.timeout * 3 + .seconds(5)
        longestWaitForRefresh = settings.provider.timeout * 2 + .seconds(5)
        touchInterval = Delay(min(.seconds(60), settings.session.idleTimeout / 10))
    }

    var pseudonymText: String { String(decoding: pseudonym, as: UTF8.self) }

    /// The lines that all our answers carry on a site.
    func ownLines(isPage: Bool, site: Int) -> [UInt8] { isPage ? ownPageLines[site] : ownAnswerLines[site] }

    func isReserved(cookie name: Span<UInt8>) -> Bool { reserved.contains(name) }

    func isReserved(setCookie value: Span<UInt8>) -> Bool { reserved.contains(SetCookie.name(of: value)) }

    /// Compiles every route; those with the same header rules share one plan.
    private static func compile(
        _ settings: GatewaySettings, _ table: RouteTable, _ sites: SiteOrigins, _ identity: IdentityClaims,
        _ pseudonym: String
    ) throws(SnapshotError) -> (plans: [RoutePlan], headerPlans: [ClaimHeaders]) {
        var headerPlans: [ClaimHeaders] = []
        func plan(_ headers: ClaimHeaders) -> Int? {
            if headers.isEmpty { return nil }
            if let known = headerPlans.firstIndex(of: headers) { return known }
            headerPlans.append(headers)
            return headerPlans.count - 1
        }
        var plans: [RoutePlan] = []
        for (index, route) in settings.routes.enumerated() {
            let rules: RequestHeaderRules
            let responses: ResponseHeaderRules
            do throws(HeaderRuleError) {
                rules = try RequestHeaderRules(route, identity: identity)
                responses = try ResponseHeaderRules(route.responseHeaders, identity: identity)
            } catch {
                throw .headers
            }
            var files: StaticFiles?
            if case .files(let settings) = route.target {
                do throws(SystemError) {
                    files = try StaticFiles(settings, of: route, responses: responses)
                } catch {
                    throw .files(settings.root, "\(error)")
                }
            }
            var upstream: (index: Int, settings: UpstreamSettings)?
            if case .upstream(let name) = route.target,
                let found = settings.upstreams.firstIndex(where: { $0.name == name })
            {
                upstream = (found, settings.upstreams[found])
            }
            plans.append(
                RoutePlan(
                    index: index, settings: route, upstream: upstream, requests: rules, responses: responses,
                    files: files, requestPlan: plan(rules.claimed), responsePlan: plan(responses.claimed),
                    dependsOnMethod: table.dependsOnMethod(index), sites: sites, pseudonym: pseudonym))
        }
        return (plans, headerPlans)
    }
}

/// Settings that contradict themselves.
package enum SnapshotError: Error, Sendable, Equatable {
    case publicURL
    case endpoints
    case routes
    case headers
    /// A root that cannot be opened, and what the system says.
    case files(String, String)
    case upstream(String)
    /// A file of TLS that changed since the settings were checked, and what is wrong with it now.
    case certificates(String)
    case cookie
}
