import Formats

/// Under which addresses a provider is public, and under which this process reaches it (D1, D2, D5a).
package struct ProviderAddress: Sendable {
    package let issuer: String
    private let parts: URLParts
    private let backchannel: URLParts?
    private let toleratesPlainHTTP: Bool

    /// Nil when the issuer or `backchannel_url` is no URL that may be used.
    package init?(_ settings: ProviderSettings) {
        guard let parts = URLParts(settings.issuer), parts.query == nil, parts.fragment == nil else { return nil }
        issuer = settings.issuer
        self.parts = parts
        toleratesPlainHTTP = settings.tolerate.contains(.plainHTTP)
        if let text = settings.backchannelURL {
            guard let base = URLParts(text), base.path == "" || base.path == "/", base.query == nil,
                base.fragment == nil
            else { return nil }
            backchannel = base
        } else {
            backchannel = nil
        }
        guard schemeObjection(parts) == nil, backchannel.map({ schemeObjection($0) == nil }) ?? true else { return nil }
    }

    /// Where the metadata is (OpenID Connect Discovery, section 4.1): one trailing slash goes first.
    var discoveryURL: String {
        (issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer) + "/.well-known/openid-configuration"
    }

    /// The scope of the issuer as far as its URL tells; names are taken for public.
    var writtenScope: AddressScope { AddressScope(host: parts.host) ?? .global }

    /// False when the issuer is reached in another way than its public address.
    var isDirect: Bool { backchannel == nil }

    /// What speaks against an endpoint from metadata, or nil (D4, D5, B1).
    func objection(to text: String) -> EndpointProblem? {
        guard let url = URLParts(text) else { return .notAbsolute }
        if url.fragment != nil { return .fragment }
        if let backchannel, url.origin == backchannel.origin { return nil }
        if let problem = schemeObjection(url) { return problem }
        // A name may still resolve inwards: that is judged when it is connected to.
        if writtenScope == .global, let scope = AddressScope(host: url.host), scope != .global { return .insideAddress }
        return nil
    }

    private func schemeObjection(_ url: URLParts) -> EndpointProblem? {
        switch url.scheme {
        case "https": nil
        case "http" where toleratesPlainHTTP || AddressScope(host: url.host) == .loopback: nil
        case "http": .plainHTTP
        default: .notAbsolute
        }
    }

    /// The URL to call for a public one, the `Host` to send with it, and whether it lies under `backchannel_url`.
    func route(_ text: String) -> (url: String, host: String?, isExempt: Bool) {
        guard let backchannel, let url = URLParts(text) else { return (text, nil, false) }
        if url.origin == backchannel.origin { return (text, nil, true) }
        guard url.origin == parts.origin else { return (text, nil, false) }
        return (backchannel.origin + url.path + (url.query.map { "?" + $0 } ?? ""), parts.authority, true)
    }
}

/// What is wrong with an endpoint's URL.
package enum EndpointProblem: String, Sendable {
    case notAbsolute = "no absolute http URL"
    case plainHTTP = "plain http off loopback"
    case fragment = "has a fragment"
    /// A private, link-local or loopback address, while the issuer is public.
    case insideAddress = "points to an inner address"
    /// The query holds a parameter that belongs to the request.
    case reservedParameter = "its query holds a parameter of the request"
}
