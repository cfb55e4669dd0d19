private import COpenSSL

/// The oldest protocol version that an endpoint takes; older ones than these are not spoken at all (RFC 8996).
package enum TLSVersion: String, Sendable, CaseIterable {
    case tls12 = "1.2"
    case tls13 = "1.3"

    var number: Int32 {
        switch self {
        case .tls12: TLS1_2_VERSION
        case .tls13: TLS1_3_VERSION
        }
    }
}
