internal import COpenSSL

/// Why a TLS connection failed, in stable words for logs and metrics.
enum TLSFailure {
    /// - Parameters:
    ///   - code: the first entry of the error queue.
    ///   - verdict: on the peer's certificate.
    static func reason(_ error: Int32, _ code: UInt, _ verdict: Int) -> StaticString {
        if error != SSL_ERROR_SSL { return "internal" }
        let reason = ERR_GET_REASON(code)
        if reason == SSL_R_CERTIFICATE_VERIFY_FAILED { return certificate(verdict) }
        if reason >= SSL_AD_REASON_OFFSET { return alert(reason - SSL_AD_REASON_OFFSET) }
        switch reason {
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW, SSL_R_VERSION_TOO_HIGH: return "no_common_version"
        case SSL_R_NO_SHARED_CIPHER, SSL_R_NO_SUITABLE_KEY_SHARE, SSL_R_NO_SHARED_GROUPS,
            SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
            return "no_common_suite"
        case SSL_R_NO_APPLICATION_PROTOCOL, SSL_R_BAD_EXTENSION: return "no_common_protocol"
        case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, SSL_R_BAD_RECORD_TYPE, SSL_R_DIGEST_CHECK_FAILED:
            return "bad_record"
        case SSL_R_UNEXPECTED_MESSAGE, SSL_R_UNEXPECTED_RECORD: return "unexpected_message"
        default: return "not_tls"
        }
    }

    /// What is wrong with the peer's certificate.
    private static func certificate(_ verdict: Int) -> StaticString {
        switch Int32(truncatingIfNeeded: verdict) {
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: "certificate_wrong_name"
        case X509_V_ERR_CERT_HAS_EXPIRED: "certificate_expired"
        case X509_V_ERR_CERT_NOT_YET_VALID: "certificate_not_yet_valid"
        case X509_V_ERR_CERT_REVOKED: "certificate_revoked"
        default: "certificate_untrusted"
        }
    }

    /// What the peer's last words were (RFC 8446, section 6.2).
    private static func alert(_ number: Int32) -> StaticString {
        switch number {
        case SSL_AD_HANDSHAKE_FAILURE: "alert_handshake_failure"
        case SSL_AD_BAD_CERTIFICATE, SSL_AD_UNSUPPORTED_CERTIFICATE, SSL_AD_CERTIFICATE_REVOKED,
            SSL_AD_CERTIFICATE_EXPIRED, SSL_AD_CERTIFICATE_UNKNOWN, SSL_AD_UNKNOWN_CA, SSL_AD_ACCESS_DENIED:
            "alert_certificate"
        case SSL_AD_CERTIFICATE_REQUIRED: "alert_certificate_required"
        case SSL_AD_PROTOCOL_VERSION: "alert_protocol_version"
        case SSL_AD_UNRECOGNIZED_NAME: "alert_unrecognized_name"
        case SSL_AD_NO_APPLICATION_PROTOCOL: "alert_no_application_protocol"
        default: "alert"
        }
    }
}
