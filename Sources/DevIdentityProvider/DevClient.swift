package import Bytes
import Formats

/// An application that the development provider knows.
package struct DevClient: Sendable {
    package let id: String
    /// What the consent page calls it.
    package let name: String
    /// Nil for a public client, which proves itself by PKCE alone.
    package let secret: Secret?
    package let redirectURIs: [String]
    package let postLogoutRedirectURIs: [String]
    /// A native application: private-use schemes, and any port on a loopback literal (RFC 8252, sections 7.1 and 7.3).
    package let isNative: Bool
    /// The identifier of the API that this client is, if it is one: it may introspect tokens made for it.
    package let resource: String?

    package init(
        id: String, name: String? = nil, secret: Secret? = nil, redirectURIs: [String],
        postLogoutRedirectURIs: [String]? = nil, resource: String? = nil
    ) throws(DevClientError) {
        guard !id.isEmpty, id.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else { throw .badIdentifier(id) }
        if let secret, secret.isEmpty { throw .emptySecret(id) }
        var kinds: [RedirectKind] = []
        for uri in redirectURIs {
            guard let kind = RedirectKind(uri) else { throw .badRedirectURI(uri) }
            // A secret in an application that everybody can take apart is none (RFC 8252, section 8.5).
            if case .privateUse = kind, secret != nil { throw .nativeWithSecret(uri) }
            kinds.append(kind)
        }
        self.id = id
        self.name = name ?? id
        self.secret = secret
        self.redirectURIs = redirectURIs
        self.postLogoutRedirectURIs = postLogoutRedirectURIs ?? Self.standardLogoutURIs(of: redirectURIs)
        self.isNative = kinds.contains { if case .privateUse = $0 { true } else { false } }
        self.resource = resource
    }

    /// A client as the command line writes it: `ID[:SECRET]=REDIRECT_URI[,REDIRECT_URI]…`.
    package init(argument: String) throws(DevClientError) {
        guard let equals = argument.firstIndex(of: "=") else { throw .badArgument(argument) }
        let who = argument[..<equals]
        let uris = argument[argument.index(after: equals)...].split(separator: ",").map(String.init)
        guard !uris.isEmpty else { throw .badArgument(argument) }
        if let colon = who.firstIndex(of: ":") {
            try self.init(
                id: String(who[..<colon]), secret: Secret(String(who[who.index(after: colon)...])), redirectURIs: uris)
        } else {
            try self.init(id: String(who), redirectURIs: uris)
        }
    }

    /// An API that may ask about tokens made for `audience`.
    package init(id: String, secret: Secret, asAPI audience: String) throws(DevClientError) {
        try self.init(id: id, secret: secret, redirectURIs: [], resource: audience)
    }

    /// An API as the command line writes it: `ID:SECRET[=AUDIENCE]`.
    package init(apiArgument argument: String) throws(DevClientError) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let audience = parts.count > 1 ? parts[1] : TokenMint.defaultAudience
        guard let colon = parts[0].firstIndex(of: ":"), ResourceIdentifier.isOne(audience) else {
            throw .badAPIArgument(argument)
        }
        try self.init(
            id: String(parts[0][..<colon]), secret: Secret(String(parts[0][parts[0].index(after: colon)...])),
            asAPI: audience)
    }

    /// The same client with another secret.
    package func with(secret: Secret) throws(DevClientError) -> DevClient {
        if secret.isEmpty { throw .emptySecret(id) }
        return DevClient(copying: self, secret: secret)
    }

    /// The same client as a public one, for places that must not hold the secret.
    var withoutSecret: DevClient { DevClient(copying: self, secret: nil) }

    private init(copying client: DevClient, secret: Secret?) {
        id = client.id
        name = client.name
        self.secret = secret
        redirectURIs = client.redirectURIs
        postLogoutRedirectURIs = client.postLogoutRedirectURIs
        isNative = client.isNative
        resource = client.resource
    }

    /// The gateway's landing page on the origin of each redirect URI.
    private static func standardLogoutURIs(of redirectURIs: [String]) -> [String] {
        var found: [String] = []
        for uri in redirectURIs {
            guard let parts = URLParts(uri), parts.scheme == "http" || parts.scheme == "https" else { continue }
            let landing = parts.origin + "/bff/logout/callback"
            if !found.contains(landing) { found.append(landing) }
        }
        return found
    }

    /// True when `uri` is one of the registered ones, character by character (H4).
    func accepts(redirectURI uri: String) -> Bool {
        if redirectURIs.contains(where: uri.isExactly) { return true }
        guard isNative, case .loopbackLiteral(let asked)? = RedirectKind(uri) else { return false }
        // RFC 8252, section 7.3: the port of a native application's loopback address is free; nothing else is.
        return redirectURIs.contains { registered in
            if case .loopbackLiteral(let known)? = RedirectKind(registered) { known == asked } else { false }
        }
    }

    func accepts(postLogoutRedirectURI uri: String) -> Bool { postLogoutRedirectURIs.contains(where: uri.isExactly) }
}

/// Why a client cannot be registered.
package enum DevClientError: Error, Equatable {
    case badArgument(String)
    case badAPIArgument(String)
    case badIdentifier(String)
    case emptySecret(String)
    /// Not an absolute address, or one with a fragment, or http off loopback, or a scheme that runs script.
    case badRedirectURI(String)
    case nativeWithSecret(String)
}
