import Formats
import Testing

@Suite("URLParts")
struct URLPartsTests {
    @Test("the parts of a whole URL")
    func parts() throws {
        let url = try #require(URLParts("HTTPS://Id.Example.COM:8443/a%20b/;c?x=1?&y#f?/"))
        #expect(url.scheme == "https")
        #expect(url.host == "id.example.com")
        #expect(url.port == 8443)
        #expect(url.path == "/a%20b/;c")
        #expect(url.query == "x=1?&y")
        #expect(url.fragment == "f?/")
        #expect(url.origin == "https://id.example.com:8443")
        #expect(url.authority == "id.example.com:8443")
        #expect(url.effectivePort == 8443)
    }

    @Test("defaults")
    func defaults() throws {
        let bare = try #require(URLParts("https://a"))
        #expect(bare.path.isEmpty && bare.query == nil && bare.fragment == nil && bare.port == nil)
        #expect(bare.effectivePort == 443)
        #expect(try #require(URLParts("https://a:443/")).origin == "https://a")
        #expect(try #require(URLParts("http://a:443/")).origin == "http://a:443")
        #expect(try #require(URLParts("http://a?")).query == "")
        #expect(try #require(URLParts("x-y.z+1://a")).effectivePort == nil)
    }

    @Test(
        "IPv6 literals become canonical",
        arguments: [
            ("[::1]", "[::1]"), ("[0:0:0:0:0:0:0:1]", "[::1]"), ("[2001:DB8::0:1]", "[2001:db8::1]"),
            ("[::]", "[::]"), ("[1::]", "[1::]"), ("[::ffff:192.0.2.1]", "[::ffff:c000:201]"),
            ("[1:0:0:2:0:0:0:3]", "[1:0:0:2::3]"), ("[1:0:2:3:4:5:6:7]", "[1:0:2:3:4:5:6:7]"),
            ("[fe80::a:0:0:b]", "[fe80::a:0:0:b]"),
        ])
    func ipv6(_ written: String, _ canonical: String) throws {
        let url = try #require(URLParts("http://\(written):81/"))
        #expect(url.host == canonical)
        #expect(url.port == 81)
        #expect(URLParts("http://\(written)")?.host == canonical)
    }

    @Test(
        "what parsers disagree about is refused",
        arguments: [
            "", "a", "/a", "//a/b", "https:", "https:/a", "https:a", "https://", "https:///p", "https://?q", ":",
            "://a",
            "1https://a", "https ://a", "https://user@a/", "https://u:p@a/", "https://@a", "https://a b/",
            "https://a/b c",
            "https://a\\b", "https:\\\\a", "https://a/\\b", "https://a\t/", "https://a/\n", "https://a/\u{0}",
            "https://a/é",
            "https://é/", "https://a:/", "https://a:0/", "https://a:65536/", "https://a:080/", "https://a:+80/",
            "https://a:8 0/", "https://a:99999999999999999999/", "https://a..b/", "https://.a/", "https://a./",
            "https://127.1/",
            "https://0x7f.0.0.1/", "https://0x7f000001/", "https://2130706433/", "https://127.0.0.01/",
            "https://1.2.3.256/",
            "https://1.2.3.4.5/", "https://a.0x", "https://a.1/", "https://[::1", "https://::1/", "https://[::1]x/",
            "https://[::1]:/", "https://[fe80::1%25eth0]/", "https://[1:2]/", "https://[1:2:3:4:5:6:7:8:9]/",
            "https://[1::2::3]/",
            "https://[:::]/", "https://[12345::]/", "https://[::1.2.3]/", "https://[1.2.3.4::]/", "https://[]/",
            "https://a%2eb/",
            "https://a/%", "https://a/%2", "https://a/%zz", "https://a/<", "https://a/\"", "https://a/[",
            "https://a/{x}",
            "https://a?%", "https://a?q#%", "https://a#b#c", "https://a,b/", "https://a;b", "https://a$b",
            "https://[1:2:3:4:5:6:7::8]/", "https://\u{670}a/", "https:/\u{301}/a", "https:\u{301}//a",
            "https://a/\u{301}b",
        ])
    func refused(_ text: String) {
        #expect(URLParts(text) == nil)
    }

    @Test("names of container networks and long labels")
    func names() {
        #expect(URLParts("http://my_service:3000")?.host == "my_service")
        #expect(URLParts("http://127.0.0.1:3000")?.host == "127.0.0.1")
        #expect(URLParts("http://\(String(repeating: "a", count: 63)).b") != nil)
        #expect(URLParts("http://\(String(repeating: "a", count: 64)).b") == nil)
        #expect(URLParts("http://a1.b2c/") != nil)
    }
}
