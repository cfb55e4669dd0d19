import Bytes
import HTTP
import Testing

@testable import Gateway

@Suite struct ResponseFieldTests {
    private func written(_ value: String) -> String {
        var fields = Fields()
        ClearSiteData.writeWithoutCookies(Array(value.utf8).span, into: &fields)
        return String(decoding: [UInt8](fields.lines), as: UTF8.self)
    }

    @Test("E12 Clear-Site-Data of an upstream loses what would end our session")
    func clearSiteData() {
        func touches(_ value: String) -> Bool { ClearSiteData.touchesCookies(Array(value.utf8).span) }
        #expect(touches("\"cache\", \"cookies\""))
        #expect(touches("\"*\""))
        #expect(!touches("\"cache\",\"storage\""))
        #expect(written("\"cache\", \"cookies\" ,\"storage\"") == "Clear-Site-Data: \"cache\", \"storage\"\r\n")
        #expect(written("\"*\"").isEmpty)
    }

    @Test(
        "E27 whether an upstream has thought about shared caches",
        arguments: [
            ("max-age=60", false), ("private", true), ("no-store", true), ("PUBLIC, max-age=5", true),
            ("s-maxage=10", true), ("no-cache", false), ("x-private", false), (" max-age=1 ,  private", true),
            ("max-age=1, private=\"X-A, public, X-B\"", false),
        ])
    func cacheControl(_ value: String, _ decides: Bool) {
        var state = CacheControlState()
        state.read(Array(value.utf8).span)
        #expect(state.isPresent)
        #expect(state.decidesSharing == decides)
    }

    @Test("E27 Vary names a field, whatever its letters")
    func vary() {
        func names(_ value: String) -> Bool { CacheControlState.names("cookie", in: Array(value.utf8).span) }
        #expect(names("Accept, COOKIE"))
        #expect(names("*"))
        #expect(!names("Accept-Cookie"))
    }

    @Test(
        "E35 which types can hold a readable token",
        arguments: [
            ("text/html; charset=utf-8", true), ("application/json", true), ("application/problem+json", true),
            ("APPLICATION/XML", true), ("image/png", false), ("application/octet-stream", false), ("", false),
        ])
    func textual(_ type: String, _ holds: Bool) {
        let answer = TextualType.holds(Array(type.utf8).span)
        #expect(answer == holds)
    }
}
