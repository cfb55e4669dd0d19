import HTTPClient
import Routing

/// Tokens over plain http to another machine: allowed, and said (E32).
struct PlainUpstreamCheck {
    let context: ReadingContext
    let routes: [RouteSettings]

    func check(_ upstreams: [UpstreamSection.Entry]) {
        for upstream in upstreams
        where !upstream.settings.tolerate.contains(.plainHTTP) && getsTokens(upstream.settings.name) {
            for server in upstream.settings.servers where !server.isSecure {
                guard case .tcp(let host, _) = server.place, !NetworkName.isLoopback(host) else { continue }
                context.warn(
                    upstream.place.mark,
                    "access tokens go to \(upstream.place.shown(server.description)) over plain http",
                    hint: "use https or a unix socket, or say `tolerate: [plain_http]` for this upstream")
            }
        }
    }

    private func getsTokens(_ name: String) -> Bool {
        routes.contains { $0.target == .upstream(name) && $0.access != .public && $0.token != .none }
    }
}
