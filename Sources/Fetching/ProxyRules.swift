import Formats
import Glibc

/// Which calls go through an egress proxy, as the usual environment variables say.
///
/// Read once, and decided here rather than in libcurl, because the address judgement (D5) must know who connects.
package struct ProxyRules: Sendable, Equatable {
    private var http: String?
    private var https: String?
    private var exceptions: [String]

    /// No proxy for anything.
    package static let none = ProxyRules(environment: [:])

    /// The rules in this process' environment.
    package static var current: ProxyRules {
        var found: [String: String] = [:]
        for name in ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"] {
            if let value = unsafe getenv(name), let text = unsafe String(validatingCString: value) {
                found[name] = text
            }
        }
        return ProxyRules(environment: found)
    }

    /// Lower case wins over upper case; upper-case `HTTP_PROXY` is ignored, as everywhere, since CGI servers set it from
    /// a request's `Proxy` field.
    package init(environment: [String: String]) {
        func value(_ names: String...) -> String? {
            names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        }
        let all = value("all_proxy", "ALL_PROXY")
        http = value("http_proxy") ?? all
        https = value("https_proxy", "HTTPS_PROXY") ?? all
        exceptions = (value("no_proxy", "NO_PROXY") ?? "")
            .split(whereSeparator: { $0 == "," || $0 == " " }).map { $0.lowercased() }
    }

    /// The proxy for a call, or nil when it goes straight; `host` as in the URL, in lower case.
    package func proxy(scheme: String, host: String) -> String? {
        guard let proxy = scheme == "https" ? https : http else { return nil }
        // Never hand to a proxy what is meant for this machine.
        if AddressScope(host: host) == .loopback { return nil }
        var bare = host
        if bare.hasPrefix("["), bare.hasSuffix("]") { bare = String(bare.dropFirst().dropLast()) }
        return exceptions.contains { Self.matches(bare, exception: $0) } ? nil : proxy
    }

    /// `*`, a name (with or without a leading dot, also for all names below it), an address, or an IPv4 network.
    private static func matches(_ host: String, exception: String) -> Bool {
        if exception == "*" { return true }
        if let slash = exception.firstIndex(of: "/") {
            guard let bits = Int(exception[exception.index(after: slash)...]), (0...32).contains(bits),
                let network = v4(String(exception[..<slash])), let address = v4(host)
            else { return false }
            let mask: UInt32 = bits == 0 ? 0 : ~0 << (32 - UInt32(bits))
            return network & mask == address & mask
        }
        let name = exception.hasPrefix(".") ? String(exception.dropFirst()) : exception
        return !name.isEmpty && (host == name || host.hasSuffix("." + name))
    }

    private static func v4(_ text: String) -> UInt32? {
        var address = in_addr()
        return unsafe inet_pton(AF_INET, text, &address) == 1 ? UInt32(bigEndian: address.s_addr) : nil
    }
}
