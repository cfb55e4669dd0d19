import Bytes
package import Cryptography
import Formats
package import HTTPServer
import JOSE
import Threads
package import Time

/// A small, correct OpenID provider for development and tests.
///
/// It plays by every rule that a gateway has to survive (PKCE, single use, rotation with reuse detection), and leaves out
/// the one thing that makes a provider hard to try: passwords. State is in memory and bounded; keys are made at start.
package final class DevProvider: HTTPService {
    let context: ProviderContext
    private let endpoints: EndpointTable
    private let isExposed: Bool

    /// Makes keys; nothing listens yet.
    package init(_ settings: DevProviderSettings, time: TimeSource = .system) throws(DevProviderError) {
        var seen: Set<String> = []
        for client in settings.clients where !seen.insert(client.id).inserted { throw .clientTwice(client.id) }
        if settings.users.all.isEmpty { throw .noUsers }
        let isFixed = settings.fixedKey != nil || settings.random.isSeeded
        if isFixed, settings.isExposed || !Loopback.contains(settings.issuer.hostName) { throw .fixedOffLoopback }
        do {
            context = ProviderContext(
                issuer: settings.issuer,
                clients: ClientRegistry(settings.clients, key: try settings.random.bytes(32)),
                users: settings.users,
                lifetimes: settings.lifetimes,
                rotatesRefreshTokens: settings.rotatesRefreshTokens,
                keys: try SigningKeys(
                    algorithm: settings.signingAlgorithm, fixed: settings.fixedKey,
                    retiredFor: settings.lifetimes.retiredKey),
                state: Locked(ProviderState(lifetimes: settings.lifetimes)),
                random: settings.random,
                time: time,
                formKey: try settings.random.bytes(32))
        } catch { throw .cryptography(error) }
        endpoints = EndpointTable(settings.issuer)
        isExposed = settings.isExposed
    }

    /// The provider's identifier.
    package var issuer: String { context.issuer.text }

    /// Signs with a fresh key from now on (H19).
    ///
    /// - Parameter keepsOld: publish the old key for a while, as a planned rotation does; false: withdraw it at once.
    package func rotateKeys(keepsOld: Bool = true) throws(CryptographyError) {
        try context.keys.rotate(keepsOld: keepsOld, now: context.time.now())
    }

    package func respond(to request: ServiceRequest) async -> ServiceResponse {
        guard isForUs(request) else {
            return context.pages.problem(
                PageProblem(
                    title: "Wrong address", detail: "This provider does not go by the name in this request.",
                    advice: "Use \(context.issuer.origin)."), status: 421)
        }
        guard let endpoint = endpoints[request.path] else { return context.pages.problem(.notFound) }
        guard endpoint.methods.contains(request.method) else {
            return ServiceResponse(
                status: 405,
                headers: [("Allow", endpoint.methods.joined(separator: ", ")), ("Cache-Control", "no-store")], body: [])
        }
        do throws(CryptographyError) {
            return try answer(request, at: endpoint)
        } catch {
            return context.pages.problem(.internalError)
        }
    }

    private func answer(
        _ request: ServiceRequest, at endpoint: ProviderEndpoint
    ) throws(CryptographyError) -> ServiceResponse {
        let isPost = request.method == "POST"
        switch endpoint {
        case .discovery: return DiscoveryEndpoint(context: context).answer()
        case .keys:
            return .published(
                .object(context.keys.published(at: context.time.now()).object), contentType: "application/jwk-set+json",
                maximumAge: 60)
        case .authorize: return try AuthorizeEndpoint(context: context).answer(request)
        case .login:
            let endpoint = AuthorizeEndpoint(context: context)
            return isPost ? try endpoint.login(request) : endpoint.showLogin(request)
        case .consent:
            let endpoint = AuthorizeEndpoint(context: context)
            return isPost ? try endpoint.consent(request) : endpoint.showConsent(request)
        case .token: return try TokenEndpoint(context: context).answer(request)
        case .userinfo: return UserInfoEndpoint(context: context).answer(request)
        case .revoke: return RevocationEndpoint(context: context).answer(request)
        case .introspect: return IntrospectionEndpoint(context: context).answer(request)
        case .endSession: return try EndSessionEndpoint(context: context).answer(request)
        case .style: return .asset(ProviderStyle.text, contentType: "text/css; charset=utf-8")
        case .icon: return .asset(ProviderMark.icon, contentType: "image/svg+xml")
        }
    }

    /// On loopback, a name that merely resolves to this machine is somebody else's page trying to talk to us (DNS rebinding).
    private func isForUs(_ request: ServiceRequest) -> Bool {
        if isExposed { return true }
        guard let host = request.hostName else { return false }
        return Loopback.contains(host) || host == context.issuer.hostName
    }
}

extension ServiceResponse {
    /// A file that came with the program.
    static func asset(_ text: String, contentType: String) -> ServiceResponse {
        ServiceResponse(
            status: 200,
            headers: [
                ("Content-Type", contentType), ("Cache-Control", "no-cache"), ("X-Content-Type-Options", "nosniff"),
                ("Cross-Origin-Resource-Policy", "same-origin"),
            ], body: Array(text.utf8))
    }
}
