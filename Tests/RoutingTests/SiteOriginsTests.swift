import Formats
import Testing

@testable import Routing

@Suite struct SiteOriginsTests {
    private func find(_ origins: SiteOrigins, _ host: String, _ port: UInt16? = nil) -> Int? {
        let bytes = Array(host.utf8)
        return origins.find(host: bytes.span, port: port)
    }

    @Test("G14 a request belongs to the site that its authority names, or to none: 421")
    func authorities() throws {
        let origins = try #require(
            Sample.origins(
                "https://app.example.com", "http://localhost:8080", "https://app.example.com:8443",
                "https://[2001:DB8::1]"))
        #expect(find(origins, "app.example.com") == 0)
        #expect(find(origins, "APP.Example.COM") == 0)
        #expect(find(origins, "app.example.com", 443) == 0)
        #expect(find(origins, "app.example.com", 8443) == 2)
        #expect(find(origins, "localhost", 8080) == 1)
        #expect(find(origins, "[2001:db8::1]") == 3)
        #expect(find(origins, "app.example.com", 80) == nil)
        #expect(find(origins, "localhost") == nil)
        #expect(find(origins, "localhost", 80) == nil)
        for host in [
            "evil.example", "app.example.com.", "app.example.com.evil", "xapp.example.com", "app.example.co", "",
        ] {
            #expect(find(origins, host) == nil, "\(host)")
        }
    }

    @Test("a URL that is no origin, and the same origin twice, are no sites")
    func notSites() {
        #expect(Sample.origins() == nil)
        #expect(Sample.origins("https://a.example", "https://a.example:443/") == nil)
        #expect(Sample.origins("http://a.example:443", "https://a.example") == nil)
        #expect(URLParts("ftp://a.example").flatMap { Site($0) } == nil)
    }

    @Test("E22 an origin is ours byte for byte or not at all")
    func origins() {
        let site = Sample.site()
        func isOrigin(_ text: String) -> Bool { site.isOrigin(Array(text.utf8).span) }
        #expect(isOrigin("https://app.example.com"))
        for text in [
            "null", "", "http://app.example.com", "https://app.example.com:443", "https://app.example.com/",
            "https://evil",
            "https://app.example.com.evil", "https://evil-app.example.com", "https://APP.example.com",
            "https://app.example.com https://evil",
        ] {
            #expect(!isOrigin(text), "\(text)")
        }
    }
}
