import Bytes
import Cryptography
import Formats
import HTTPServer

/// Keeps other sites from submitting the provider's forms (H11): RFC 6749, section 10.12.
struct FormGuard: Sendable {
    let key: [UInt8]

    /// The hidden value of a form: bound to the browser's cookie and to what the form is about.
    func token(browser: SHA256Digest, subject: String) -> String {
        Base64URL.encode(
            MessageAuthentication.sha256(key: key, browser.bytes + Array(subject.utf8)))
    }

    /// True for a form that this provider gave to this browser.
    func accepts(_ token: String?, browser: SHA256Digest, subject: String, request: ServiceRequest) -> Bool {
        // Where browsers say who caused the request, nobody but our own page may have.
        let sites = request.headers("sec-fetch-site")
        guard sites.allSatisfy({ $0 == "same-origin" }), let token else { return false }
        return ConstantTime.equal(token, self.token(browser: browser, subject: subject))
    }
}
