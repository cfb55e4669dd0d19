package import Formats

/// One HTTP call of the control plane.
package struct FetchRequest: Sendable {
    package enum Method: Sendable, Equatable {
        case get
        /// A POST with this body, which is sent at most once: never again on another connection (A49).
        case post([UInt8])
    }

    /// Absolute `https` URL, or `http` where ``allowsPlainHTTP`` says so; no user information, no fragment.
    package var url: String
    package var method = Method.get
    /// Field lines to send; names and values without CR, LF and NUL.
    package var headers: [(name: String, value: String)] = []
    /// The `Host` to send when it is not the URL's authority (D5a).
    ///
    /// TLS still verifies the name in the URL.
    package var host: String?
    package var allowsPlainHTTP = false
    /// The addresses that may be connected to, judged on the address itself, after name resolution (D5).
    package var reach = Set(AddressScope.allCases)
    /// The whole call: waiting for a free place, resolving, connecting, sending, receiving.
    package var timeout = Duration.seconds(10)
    package var connectTimeout = Duration.seconds(5)
    /// The largest body that is accepted, in bytes.
    package var maximumBytes = 1 << 20
    package var trust = FetchTrust()

    package init(url: String) { self.url = url }
}

/// Whom to believe on a TLS connection, and who we say we are.
package struct FetchTrust: Sendable, Hashable {
    /// Path of a PEM bundle that is trusted beside the system's.
    package var ca: String?
    /// Paths of a PEM certificate chain and its key, shown to servers that ask.
    package var certificate: String?
    package var key: String?

    package init(ca: String? = nil, certificate: String? = nil, key: String? = nil) {
        self.ca = ca
        self.certificate = certificate
        self.key = key
    }
}
