import Formats
import Testing

@testable import Fetching

@Suite("ProxyRules") struct ProxyRulesTests {
    @Test("The standard variables choose the proxy; lower case wins")
    func variables() {
        let rules = ProxyRules(environment: [
            "http_proxy": "http://a", "https_proxy": "http://b", "HTTPS_PROXY": "http://c", "HTTP_PROXY": "http://d",
        ])
        #expect(rules.proxy(scheme: "http", host: "x.com") == "http://a")
        #expect(rules.proxy(scheme: "https", host: "x.com") == "http://b")
        #expect(ProxyRules(environment: ["HTTP_PROXY": "http://d"]).proxy(scheme: "http", host: "x.com") == nil)
        #expect(
            ProxyRules(environment: ["HTTPS_PROXY": "http://c"]).proxy(scheme: "https", host: "x.com") == "http://c")
        #expect(ProxyRules(environment: ["ALL_PROXY": "http://e"]).proxy(scheme: "http", host: "x.com") == "http://e")
        #expect(ProxyRules.none.proxy(scheme: "https", host: "x.com") == nil)
    }

    @Test("no_proxy: names, names below them, addresses, networks, everything")
    func exceptions() {
        let rules = ProxyRules(environment: ["all_proxy": "p", "no_proxy": "idp.corp, .lan,10.0.0.0/8,192.0.2.7"])
        for host in ["idp.corp", "a.idp.corp", "x.lan", "lan", "10.255.0.1", "192.0.2.7"] {
            #expect(rules.proxy(scheme: "https", host: host) == nil, "\(host)")
        }
        for host in ["xidp.corp", "idp.corp.evil", "11.0.0.1", "192.0.2.70", "wlan"] {
            #expect(rules.proxy(scheme: "https", host: host) == "p", "\(host)")
        }
        #expect(ProxyRules(environment: ["all_proxy": "p", "NO_PROXY": "*"]).proxy(scheme: "https", host: "x") == nil)
    }

    @Test("What is meant for this machine never goes through a proxy")
    func loopback() {
        let rules = ProxyRules(environment: ["all_proxy": "p"])
        for host in ["localhost", "127.0.0.1", "127.9.9.9", "[::1]", "a.localhost"] {
            #expect(rules.proxy(scheme: "http", host: host) == nil)
        }
    }

    @Test("Calls go through the proxy, which may live anywhere; a literal inside address does not")
    func throughProxy() async throws {
        let proxy = try LoopbackPeer { _, _ in ok("via proxy") }
        defer { proxy.stop() }
        var settings = Fetcher.Settings()
        settings.proxies = ProxyRules(environment: ["http_proxy": proxy.url, "https_proxy": proxy.url])
        let fetcher = try Fetcher(settings: settings)
        var request = FetchRequest(url: "http://idp.example/x")
        request.allowsPlainHTTP = true
        request.reach = [.global]
        let response = try await fetcher.fetch(request)
        #expect(response.scope == nil)
        #expect(proxy.requests[0].line == "GET http://idp.example/x HTTP/1.1")
        request.url = "http://10.0.0.1/"
        let inside = request
        await #expect(throws: FetchFailure.addressRefused) { try await fetcher.fetch(inside) }
        #expect(proxy.requests.count == 1)
    }

    @Test("A proxy that refuses the tunnel is a proxy failure, and no header of the request reaches it")
    func refusedTunnel() async throws {
        let proxy = try LoopbackPeer { _, _ in .bytes("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n") }
        defer { proxy.stop() }
        var settings = Fetcher.Settings()
        settings.proxies = ProxyRules(environment: ["https_proxy": proxy.url])
        let fetcher = try Fetcher(settings: settings)
        var request = FetchRequest(url: "https://idp.example/x")
        request.headers = [("Authorization", "Basic canary")]
        let call = request
        await #expect(throws: FetchFailure.proxy) { try await fetcher.fetch(call) }
        #expect(proxy.requests[0].line == "CONNECT idp.example:443 HTTP/1.1")
        #expect(!proxy.requests[0].head.contains("canary"))
    }
}
