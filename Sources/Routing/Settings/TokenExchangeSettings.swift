/// The token a route asks for in exchange for the session's (key `token_exchange`, RFC 8693).
package struct TokenExchangeSettings: Sendable, Hashable {
    package var audience: String?
    package var scope: String?
    package var resource: String?

    package init(audience: String? = nil, scope: String? = nil, resource: String? = nil) {
        self.audience = audience
        self.scope = scope
        self.resource = resource
    }
}
