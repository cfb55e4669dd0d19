import Testing

@testable import Gateway

@Suite struct OwnHeadersTests {
    private func fields(_ lines: [UInt8]) -> [String: String] {
        let text = String(decoding: lines, as: UTF8.self)
        #expect(text.hasSuffix("\r\n"))
        var fields: [String: String] = [:]
        for line in text.split(separator: "\r\n") {
            let parts = line.split(separator: ": ", maxSplits: 1)
            #expect(parts.count == 2 && fields[String(parts[0])] == nil)
            fields[String(parts[0])] = String(parts[1])
        }
        return fields
    }

    @Test("A19 E28 every answer of ours is not stored, not sniffed, not shared, and tells nobody where it was")
    func always() {
        #expect(
            fields(OwnHeaders.lines(isPage: false, isSecure: false)) == [
                "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
                "Cross-Origin-Resource-Policy": "same-origin", "Referrer-Policy": "no-referrer",
            ])
        #expect(fields(OwnHeaders.lines(isPage: false, isSecure: false, isStored: true))["Cache-Control"] == nil)
    }

    @Test("E28 https sites stay https for a year")
    func strictTransport() {
        #expect(
            fields(OwnHeaders.lines(isPage: false, isSecure: true))["Strict-Transport-Security"] == "max-age=31536000")
        #expect(fields(OwnHeaders.lines(isPage: true, isSecure: false))["Strict-Transport-Security"] == nil)
    }

    @Test("E28 pages run nothing and are framed by nobody")
    func pages() {
        let fields = fields(OwnHeaders.lines(isPage: true, isSecure: true))
        #expect(fields["X-Frame-Options"] == "DENY")
        #expect(fields["Cross-Origin-Opener-Policy"] == "same-origin")
        let policy = fields["Content-Security-Policy"] ?? ""
        #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-"))
        #expect(policy.hasSuffix("; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"))
        #expect(!policy.contains("unsafe"))
    }
}
