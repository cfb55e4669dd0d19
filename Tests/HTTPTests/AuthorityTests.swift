import Testing

@testable import HTTP

@Suite struct AuthorityTests {
    @Test(
        "G14 a Host that names one host, perhaps with a port",
        arguments: [
            "a", "A.Example", "a.example.", "127.0.0.1", "my_app", "a-b", "xn--bcher-kva.example", "a:1", "a:65535",
            "[::]",
            "[::1]:80", "[2001:db8:0:0:0:0:0:1]", "[2001:DB8::1]", "[::ffff:127.0.0.1]", "[1:2:3:4:5:6:7::]",
            "[::2:3:4:5:6:7:8]",
            "[1:2:3:4:5:6:1.2.3.4]",
        ])
    func good(_ host: String) {
        #expect(Transcript.verdict(#"GET / HTTP/1.1\r\nHost: "# + host + #"\r\n\r\n"#) == "accepted")
    }

    @Test(
        "G14 anything else is refused",
        arguments: [
            "", "a,b", "a, b", "a b", "user@a", "user:pw@a", "a/", "a/b", "http://a", "a?b", "a#b", "a:", "a:0",
            "a:080", "a:65536",
            "a:99999", "a:123456", "a:x", "a:80:80", "a:-1", "a:+80", ":80", ":", "[", "[]", "[::1", "::1", "[::1]x",
            "[::1]:",
            "[::1]:x", "[1::2::3]", "[12345::]", "[:1]", "[1:]", "[1:2:3:4:5:6:7]", "[1:2:3:4:5:6:7:8:9]",
            "[1:2:3:4:5:6:7:8::]",
            "[::1.2.3]", "[::1.2.3.4.5]", "[::1.2.3.256]", "[::01.2.3.4]", "[1.2.3.4]", "[::1%eth0]", "[v1.x]", "[::g]",
            "a%2eb", "a;b", "a=b", "a\\\\b", "*", "a*", "a'b", "\"a\"", "(a)", #"\xC3\xA9"#, #"a\tb"#, "a|b", "a~b",
            "a!",
            #"\{256xa}"#,
        ])
    func bad(_ host: String) {
        #expect(Transcript.verdict(#"GET / HTTP/1.1\r\nHost: "# + host + #"\r\n\r\n"#) == "400 invalid_host")
        // HTTP/1.0 need not name a host, but may not name nonsense.
        #expect(Transcript.verdict(#"GET / HTTP/1.0\r\nHost: "# + host + #"\r\n\r\n"#) == "400 invalid_host")
    }

    @Test("G14 exactly one Host")
    func count() {
        #expect(Transcript.verdict(#"GET / HTTP/1.1\r\nX: a\r\n\r\n"#) == "400 missing_host")
        #expect(Transcript.verdict(#"GET http://a/ HTTP/1.1\r\n\r\n"#) == "400 missing_host")
        #expect(Transcript.verdict(#"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"#) == "400 repeated_host")
        #expect(Transcript.verdict(#"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nhOST: b\r\n\r\n"#) == "400 repeated_host")
        #expect(Transcript.verdict(#"GET / HTTP/1.1\r\nHost:\r\nHost: b\r\n\r\n"#) == "400 repeated_host")
    }

    @Test("Host and port are told apart")
    func parts() {
        let authority = Authority("a.example:8080".utf8Span.span)
        #expect(authority?.host == 0..<9)
        #expect(authority?.port == 8080)
        #expect(Authority("[::1]".utf8Span.span)?.host == 0..<5)
        #expect(Authority("[::1]".utf8Span.span)?.port == nil)
    }
}
