import Bytes
import Cryptography
import HTTPServer

/// The two cookies that the provider gives a browser.
///
/// Cookies know no ports, so the port is part of the name: two providers on one machine do not sign each other out.
struct ProviderCookies: Sendable {
    let browser: String
    let login: String
    private let attributes: String

    init(issuer: Issuer) {
        let port = issuer.authority.split(separator: ":").last.flatMap { UInt16($0) }.map { "-\($0)" } ?? ""
        let prefix = issuer.isSecure ? "__Host-" : ""
        browser = "\(prefix)postern-dev-browser\(port)"
        login = "\(prefix)postern-dev-login\(port)"
        // Lax: an application that sends its user here by a link must find them signed in.
        attributes = "; Path=/; HttpOnly; SameSite=Lax" + (issuer.isSecure ? "; Secure" : "")
    }

    /// The one value of `name` in `request`; nil when there is none, or more than one.
    func value(_ name: String, in request: ServiceRequest) -> String? {
        var found: [Substring] = []
        for line in request.headers("cookie") {
            for pair in line.split(separator: ";") {
                let trimmed = pair.drop { $0 == " " }
                guard let equals = trimmed.firstIndex(of: "="), trimmed[..<equals] == name else { continue }
                found.append(trimmed[trimmed.index(after: equals)...])
            }
        }
        return found.count == 1 ? String(found[0]) : nil
    }

    func digest(_ name: String, in request: ServiceRequest) -> SHA256Digest? {
        value(name, in: request).map { SHA256Digest(text: $0) }
    }

    /// The cookie that tells browsers apart, and whether it still has to be set.
    func browserValue(
        of request: ServiceRequest, random: RandomSource
    ) throws(CryptographyError) -> (value: String, isNew: Bool) {
        if let known = value(browser, in: request) { return (known, false) }
        return (try random.secretText(), true)
    }

    func setting(_ name: String, to value: String) -> (name: String, value: String) {
        ("Set-Cookie", "\(name)=\(value)\(attributes)")
    }

    /// A cookie is removed by the attributes it was set with.
    func removing(_ name: String) -> (name: String, value: String) {
        ("Set-Cookie", "\(name)=\(attributes); Max-Age=0")
    }
}
