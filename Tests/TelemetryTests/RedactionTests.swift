import Testing

@testable import Telemetry

@Suite struct RedactionTests {
    @Test("A redacted value prints in no way Swift offers")
    func neverPrinted() {
        let hidden = Redacted("canary")
        var dumped = ""
        dump(hidden, to: &dumped)
        let optional: Redacted<String>? = hidden
        for text in ["\(hidden)", String(reflecting: hidden), dumped, "\([hidden])", String(describing: optional)] {
            #expect(!text.contains("canary"), "\(text)")
        }
        #expect(hidden.exposed == "canary")
    }

    @Test(
        "A54 addresses lose what may hold a secret",
        arguments: [
            ("https://idp.example/a/b", "https://idp.example/a/b"),
            ("https://idp.example?code=x", "https://idp.example"),
            ("https://idp.example/a#token=x", "https://idp.example/a"),
            ("https://user:pass@idp.example:8443/a", "https://idp.example:8443/a"),
            ("https://a@b@idp.example/", "https://idp.example/"),
            ("/local@path?returnUrl=/x", "/local@path"),
            ("https://idp.example/a@b", "https://idp.example/a@b"),
            ("", ""),
        ])
    func addresses(text: String, shown: String) {
        #expect(Redaction.address(text) == shown)
    }
}
