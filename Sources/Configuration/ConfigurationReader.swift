import Administration
import Formats
import Gateway
import HTTPClient
import HTTPServer
import OpenIDConnect
import Routing
import Sessions
import Sockets
import Telemetry

/// Reads the top of a configuration and brings its parts together.
struct ConfigurationReader {
    let context: ReadingContext

    /// Nil when something that cannot be left out is missing; the context knows what.
    func read(_ node: YAMLNode) -> GatewayConfiguration? {
        guard case .mapping(let entries) = node.content else {
            context.error(node.mark, "a configuration is a block of keys, not \(node.kind)")
            return nil
        }
        let root = SectionReader(entries, mark: node.mark, path: "", context: context)
        defer { root.finish() }
        let sites = SiteSection(root: root).read()
        let listeners = ListenSection(root: root).read()
        warnOfSchemes(sites, listeners ?? [])
        let endpoints = EndpointsSection(root: root).read()
        let providers = ProvidersSection(root: root, sites: sites, endpoints: endpoints).check()
        let provider = provider(root, sites, endpoints)
        let session = SessionSection(root: root, sites: sites).read()
        let upstreams = UpstreamSection(root: root).read()
        let routes = RoutesSection(
            root: root, sites: sites, endpoints: endpoints, upstreams: upstreams.names, providers: providers
        ).read()
        PlainUpstreamCheck(context: context, routes: routes.map(\.settings)).check(upstreams.entries)
        let limits = LimitsSection(root: root).read()
        let log = LogSection(root: root).read()
        let workers = workers(root)
        let trusted = trustedProxies(root)
        var family = ForwardedFamily.xForwarded
        root.choice("forwarded_headers", into: &family)
        refuseLaterKeys(root)
        let settled = listeners?.map(\.value) ?? [ListenerSettings(address: .tcp(host: "0.0.0.0", port: 8080))]
        let administration = AdministrationSection(root: root, listeners: settled.map(\.address), store: session.store)
            .read()
        guard let provider else { return nil }
        var gateway = GatewaySettings(
            publicURLs: sites.map(\.origin), listeners: settled, provider: provider, session: session,
            upstreams: upstreams.entries.map(\.settings), routes: routes.map(\.settings))
        gateway.endpointsPrefix = endpoints
        gateway.workers = workers
        gateway.accessLog = log.access
        gateway.messageLimits = limits.limits
        gateway.server = limits.server
        gateway.trustedProxies = trusted
        gateway.forwardedFamily = family
        return GatewayConfiguration(gateway: gateway, administration: administration, log: log)
    }

    /// TLS is what browsers are to use where `public_url` says so, and only there.
    private func warnOfSchemes(_ sites: [URLParts], _ listeners: [Located<ListenerSettings>]) {
        guard !sites.isEmpty, !sites.contains(where: { $0.origin.hasPrefix("https:") }) else { return }
        for listener in listeners where listener.value.tls != nil {
            context.warn(
                listener.mark, "this listener speaks TLS, and `public_url` tells browsers to come under http",
                hint: "https:// in `public_url`, or no `tls` here")
        }
    }

    private func provider(_ root: SectionReader, _ sites: [URLParts], _ endpoints: String) -> ProviderSettings? {
        if root.nullableValue("providers") != nil, !root.has("provider") { return nil }
        root.require("provider", hint: "the identity provider: issuer, client_id, client_secret")
        return root.section("provider").flatMap { section in
            ProviderSection(section: section, sites: sites, endpoints: endpoints).read()
        }
    }

    /// `workers`: a number, or `auto` for one a core, which is 0 here.
    private func workers(_ root: SectionReader) -> Int {
        guard let scalar = root.scalar("workers"), scalar.value.text != "auto" else { return 0 }
        guard let count = Int(scalar.value.text), (1...1024).contains(count) else {
            context.error(scalar.mark, "`workers` is auto or a number up to 1024, not \(scalar.map(\.text).shown)")
            return 0
        }
        return count
    }

    /// `trusted_proxies`: networks, and `unix`.
    private func trustedProxies(_ root: SectionReader) -> TrustedPeers {
        var trusted = TrustedPeers()
        for proxy in root.distinctStrings("trusted_proxies")?.value ?? [] {
            if proxy.value == "unix" {
                trusted.includesUnix = true
                continue
            }
            guard NetworkName.isNetwork(proxy.value) else {
                context.error(
                    proxy.mark, "an entry of `trusted_proxies` is no network: \(proxy.shown)",
                    hint: "such as 10.0.0.0/8, 10.1.2.3/32, fd00::/8, or unix")
                continue
            }
            guard let block = AddressBlock(proxy.value) else {
                context.error(
                    proxy.mark, "an entry of `trusted_proxies` has bits behind its length: \(proxy.shown)",
                    hint: "write the first address of the network, or /32 (IPv6: /128) for a single one")
                continue
            }
            if block.isEverybody {
                context.warn(
                    proxy.mark, "`trusted_proxies` believes everybody: \(proxy.shown)",
                    hint: "any client may then say that it is another; name the load balancer's network")
            }
            trusted.blocks.append(block)
        }
        return trusted
    }

    /// Keys that are known and whose feature is not there.
    private func refuseLaterKeys(_ root: SectionReader) {
        if root.has("compatibility") {
            context.error(root.mark(of: "compatibility"), "`compatibility` is not supported yet", hint: "leave it out")
        }
    }
}
