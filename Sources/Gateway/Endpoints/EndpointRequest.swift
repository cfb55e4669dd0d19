package import Cryptography
package import Routing

/// A request to one of our endpoints, taken out of the data plane.
package struct EndpointRequest: Sendable {
    package var endpoint: Endpoint
    /// Behind the `?`, as received; empty without one.
    package var query: [UInt8]
    package var browser: BrowserState
}

/// A sign-in that begins: by `/bff/login`, or by a navigation to a protected page.
package struct SignInRequest: Sendable {
    /// Where the browser goes afterwards; a path of ours, validated by ``Routing/ReturnTarget``.
    package var returnTarget: ReturnTarget
    package var browser: BrowserState
}

/// What a browser brought along.
package struct BrowserState: Sendable {
    /// The index of the site the request came to.
    package var site: Int
    /// The cookies whose names are ours, in the order received: attempts, loop count, logout.
    package var cookies: [(name: String, value: String)] = []
    /// The session of this browser, if it has one.
    package var session: LiveSession?
    /// The digest of the session cookie, known or not.
    package var digest: SHA256Digest?
    /// Why it has none although it had one.
    package var endReason: SessionEnd?
    package var requestID: String
    /// The client's address, for logs.
    package var client: String
    /// The `User-Agent`, for the list of sessions.
    package var userAgent: String
}
