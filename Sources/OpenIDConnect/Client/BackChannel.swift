import Bytes
package import Formats

/// What this module needs of the outside: HTTP calls to a provider.
///
/// The implementation follows no redirects, keeps no cookies, verifies certificates and names, and sends a POST at most
/// once (B1, B2, D5b, A49).
package protocol BackChannel: Sendable {
    func send(_ request: BackChannelRequest) async throws(BackChannelFailure) -> BackChannelResponse
}

/// One call to a provider.
package struct BackChannelRequest: Sendable {
    package enum Purpose: String, Sendable {
        case discovery, keys, token, userinfo, revocation
    }

    package let purpose: Purpose
    /// The name of the provider in the configuration.
    package let provider: String
    /// Absolute; `http` only where the settings tolerate it, which was judged before.
    package let url: String
    /// The `Host` to send when the provider is reached under another name than its public one (D5a).
    package let host: String?
    /// The body of a POST; nil makes a GET.
    package let body: [UInt8]?
    package let headers: [(name: String, value: String)]
    /// The addresses that may be connected to (D5).
    package let reach: Set<AddressScope>
    /// For the whole call.
    package let timeout: Duration
    /// The largest body that is accepted.
    package let maximumBytes: Int
    /// Path of a PEM bundle that is trusted beside the system's.
    package let ca: String?
}

/// An answer, whatever its status.
package struct BackChannelResponse: Sendable {
    package var status: Int
    /// Names in lower case.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// How far outside the connected address is; nil when an egress proxy connected.
    package var scope: AddressScope?

    package init(
        status: Int, headers: [(name: String, value: String)], body: [UInt8], scope: AddressScope? = nil
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.scope = scope
    }

    /// The value of a field that came exactly once; `name` in lower case.
    func header(_ name: String) -> String? {
        let values = headers.filter { $0.name.isExactly(name) }
        return values.count == 1 ? values[0].value : nil
    }

    /// `type/subtype` of the body, in lower case.
    var mediaType: String? {
        header("content-type").map { field in
            let type = field.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)[0]
            return String(type.filter { $0 != " " && $0 != "\t" }).lowercased()
        }
    }
}

/// No answer.
package struct BackChannelFailure: Error, Sendable, Equatable {
    /// A stable word for logs and metrics: `dns`, `tls_expired`, `timeout`.
    package let reason: String
    /// True when the provider may have received the request and acted on it.
    package let mayHaveArrived: Bool
    /// True when the provider has no part in it: too many calls of ours waited, or this process ends.
    package let isLocal: Bool

    package init(reason: String, mayHaveArrived: Bool, isLocal: Bool = false) {
        self.reason = reason
        self.mayHaveArrived = mayHaveArrived
        self.isLocal = isLocal
    }
}
