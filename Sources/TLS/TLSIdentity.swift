internal import COpenSSL
private import Glibc
package import Time

/// A certificate with its chain and its key: who we say we are.
@safe
package final class TLSIdentity: @unchecked Sendable {
    // @unchecked: nothing is changed once it is here; OpenSSL counts references to these objects atomically.
    let certificate: OpaquePointer
    let issuers: [OpaquePointer]
    let key: OpaquePointer
    /// From when to when the certificate is valid.
    package let validity: ClosedRange<Timestamp>

    /// Reads both from PEM.
    ///
    /// - Parameters:
    ///   - certificate: the certificate, then those that lead from it towards its authority.
    ///   - key: without a passphrase.
    package init(certificate: [UInt8], key: [UInt8]) throws(TLSSetupError) {
        let chain = try unsafe PEMFile.certificates(in: certificate)
        let made: OpaquePointer
        do throws(TLSSetupError) {
            unsafe made = try PEMFile.key(in: key)
        } catch {
            unsafe PEMFile.free(chain)
            throw error
        }
        unsafe self.certificate = chain[0]
        unsafe issuers = Array(chain.dropFirst())
        unsafe self.key = made
        let begin = unsafe Self.time(X509_get0_notBefore(chain[0]))
        let end = unsafe Self.time(X509_get0_notAfter(chain[0]))
        validity = begin...max(begin, end)
        try require(unsafe X509_check_private_key(self.certificate, self.key), .keyMismatch)
    }

    deinit {
        unsafe X509_free(certificate)
        unsafe PEMFile.free(issuers)
        unsafe EVP_PKEY_free(key)
    }

    /// True when the certificate is for `name`.
    ///
    /// - Parameter wildcards: a `*` as its first label stands for one label; else only the name itself counts.
    func isFor(_ name: UnsafePointer<CChar>, wildcards: Bool) -> Bool {
        let flags = UInt32(
            X509_CHECK_FLAG_NEVER_CHECK_SUBJECT
                | (wildcards ? X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS : X509_CHECK_FLAG_NO_WILDCARDS))
        let answer = unsafe X509_check_host(certificate, name, 0, flags, nil)
        if answer < 0 { ERR_clear_error() }
        return answer == 1
    }

    private static func time(_ written: UnsafePointer<ASN1_TIME>?) -> Timestamp {
        var parts = unsafe tm()
        guard unsafe ASN1_TIME_to_tm(written, &parts) == 1 else {
            ERR_clear_error()
            return Timestamp(seconds: 0)
        }
        return Timestamp(seconds: Int64(unsafe timegm(&parts)))
    }
}
