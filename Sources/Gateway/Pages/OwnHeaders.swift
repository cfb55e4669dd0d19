/// The header fields that every answer of ours carries (contract, section 3; A19, E28), as lines ready to be copied.
package enum OwnHeaders {
    /// - Parameters:
    ///   - isPage: adds the policies that only matter to something a browser shows.
    ///   - isSecure: the site is https; then browsers shall not come back without it.
    ///   - isStored: false for everything but what caches may keep, which then says so itself (`client.js`, `jwks.json`).
    package static func lines(isPage: Bool, isSecure: Bool, isStored: Bool = false) -> [UInt8] {
        var lines = ""
        func add(_ name: String, _ value: String) { lines += "\(name): \(value)\r\n" }
        if !isStored { add("Cache-Control", "no-store") }
        add("X-Content-Type-Options", "nosniff")
        add("Cross-Origin-Resource-Policy", "same-origin")
        add("Referrer-Policy", "no-referrer")
        if isSecure { add("Strict-Transport-Security", "max-age=31536000") }
        if isPage {
            add("Content-Security-Policy", pagePolicy)
            // For browsers from before `frame-ancestors`.
            add("X-Frame-Options", "DENY")
            add("Cross-Origin-Opener-Policy", "same-origin")
        }
        return Array(lines.utf8)
    }

    /// Nothing is loaded, nothing runs, the one style is ours, forms go to us alone, nobody frames it.
    package static var pagePolicy: String {
        "default-src 'none'; style-src '\(PageStyle.source)'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    }
}
