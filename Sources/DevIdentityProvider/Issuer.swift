import Formats

/// The identifier of a development provider, and the addresses that follow from it.
package struct Issuer: Sendable, Equatable {
    /// Exactly as it stands in every token and in discovery.
    package let text: String
    /// Scheme, host and port, as browsers write an `Origin`.
    package let origin: String
    /// Host and port, as in `Host`.
    let authority: String
    /// The host alone.
    package let hostName: String
    package let layout: ProviderLayout
    /// The path below which the layout's endpoints live.
    private let prefix: String
    /// The issuer's own path without a trailing slash.
    private let path: String

    /// An issuer for `layout`.
    ///
    /// - Parameter url: the origin alone, to which the layout's own path is added, or the whole issuer.
    package init(_ url: String, layout: ProviderLayout) throws(IssuerError) {
        guard let parts = URLParts(url), parts.scheme == "https" || parts.scheme == "http" else {
            throw .notAnAddress(url)
        }
        // OpenID Connect Discovery 1.0, section 3: no query, no fragment.
        guard parts.query == nil, parts.fragment == nil else { throw .notAnAddress(url) }
        let given = parts.path
        let path: String
        if let expected = layout.issuerPath {
            guard given.isEmpty || given == "/" || given == expected else { throw .otherPath(url, expected: expected) }
            path = expected
        } else {
            // A plain issuer keeps its path, less a slash at the end that would double in every endpoint.
            path = given.hasSuffix("/") ? String(given.dropLast()) : given
        }
        self.text = parts.origin + path
        self.origin = parts.origin
        self.authority = parts.authority
        self.hostName = parts.host
        self.layout = layout
        self.prefix = layout.prefix(issuerPath: path)
        self.path = path == "/" ? "" : path
    }

    /// The path of `endpoint` on this provider.
    func path(of endpoint: ProviderEndpoint) -> String {
        switch endpoint {
        case .discovery: path + layout.path(of: .discovery)
        default: prefix + layout.path(of: endpoint)
        }
    }

    /// The absolute address of `endpoint`.
    func url(of endpoint: ProviderEndpoint) -> String { origin + path(of: endpoint) }

    /// Where clients look for metadata.
    package var discoveryURL: String { url(of: .discovery) }

    /// Where metadata is found: behind the issuer (Discovery 1.0, section 4), before its path (RFC 8414, section 3.1), and
    /// behind it under RFC 8414's name too, as Okta has it.
    var discoveryPaths: [String] {
        [
            path + "/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server" + path,
            path + "/.well-known/oauth-authorization-server",
        ]
    }

    var isSecure: Bool { origin.hasPrefix("https:") }
}

/// Why an issuer cannot be served.
package enum IssuerError: Error, Equatable {
    /// Not an absolute http or https address without query and fragment.
    case notAnAddress(String)
    /// The layout prescribes another path.
    case otherPath(String, expected: String)
}
