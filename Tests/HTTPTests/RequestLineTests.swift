import TestSupport
import Testing

@Suite struct RequestLineTests {
    private func verdict(_ line: String) -> String { Transcript.verdict(line + #"\r\nHost: a\r\n\r\n"#) }

    @Test(
        "G13 a request line is method SP target SP HTTP/1.x CR LF",
        arguments: [
            ("GET / HTTP/1.1", "accepted"), ("GET / HTTP/1.0", "accepted"), ("get / HTTP/1.1", "accepted"),
            ("M-SEARCH!#$%&'*+-.^_`|~ / HTTP/1.1", "accepted"), ("GET /", "400 malformed_request_line"),
            ("GET / ", "400 malformed_request_line"), ("GET", "400 malformed_request_line"),
            ("GET  / HTTP/1.1", "400 invalid_target"), ("GET /  HTTP/1.1", "400 invalid_target"),
            (" GET / HTTP/1.1", "400 malformed_request_line"), ("GET / HTTP/1.1 ", "400 malformed_request_line"),
            (#"GET\t/ HTTP/1.1"#, "400 malformed_request_line"), (#"GET /\tHTTP/1.1"#, "400 malformed_request_line"),
            (#"GET /\t HTTP/1.1"#, "400 invalid_target"), (#"GET / HTTP/1.1\t"#, "400 malformed_request_line"),
            ("GET / HTTP/1", "400 malformed_request_line"), ("GET / HTTP/01.1", "400 malformed_request_line"),
            ("GET / HTTP/1.01", "400 malformed_request_line"), ("GET / HTTP/1.10", "400 malformed_request_line"),
            ("GET / http/1.1", "400 malformed_request_line"), ("GET / Http/1.1", "400 malformed_request_line"),
            ("GET / HTTP/1,1", "400 malformed_request_line"), ("GET / HTTP/11", "400 malformed_request_line"),
            ("GET / HTTP 1.1", "400 malformed_request_line"), ("GET / HTTP/x.1", "400 malformed_request_line"),
            ("GET / HTTP/1.x", "400 malformed_request_line"), ("GET / HTTPS/1.1", "400 malformed_request_line"),
            ("GET / ICY/1.1", "400 malformed_request_line"), ("GET / HTTP/-1.1", "400 malformed_request_line"),
            ("GET / HTTP/2.0", "505 unsupported_version"), ("GET / HTTP/0.9", "505 unsupported_version"),
            ("GET / HTTP/3.0", "505 unsupported_version"), ("GET / HTTP/9.9", "505 unsupported_version"),
            ("GET HTTP/1.1", "400 malformed_request_line"), ("/ HTTP/1.1", "400 malformed_request_line"),
            ("G(T / HTTP/1.1", "400 malformed_request_line"), (#"G\xC3\x89T / HTTP/1.1"#, "400 malformed_request_line"),
            ("GET: / HTTP/1.1", "400 malformed_request_line"), ("GET /a b HTTP/1.1", "400 invalid_target"),
            ("HTTP/1.1 200 OK", "400 malformed_request_line"), ("GET / HTTP/1.1 HTTP/1.1", "400 invalid_target"),
            (#"GET / HTTP/1.1\r\n"#, "400 missing_host"),
        ])
    func grammar(_ line: String, _ expected: String) {
        #expect(verdict(line) == expected)
    }

    @Test("G13 one empty line may come before, two may not")
    func emptyLines() {
        #expect(verdict(#"\r\nGET / HTTP/1.1"#) == "accepted")
        #expect(verdict(#"\r\n\r\nGET / HTTP/1.1"#) == "400 malformed_request_line")
        #expect(verdict(#"\nGET / HTTP/1.1"#) == "400 bare_line_feed")
        #expect(verdict(#"\rGET / HTTP/1.1"#) == "400 bare_carriage_return")
        #expect(verdict(#" \r\nGET / HTTP/1.1"#) == "400 malformed_request_line")
    }

    @Test(
        "G15 G16 targets have the form that their method allows",
        arguments: [
            ("OPTIONS *", "accepted"), ("GET *", "400 invalid_target"), ("OPTIONS **", "400 invalid_target"),
            ("OPTIONS */", "400 invalid_target"), ("CONNECT a:443", "501 connect_refused"),
            ("CONNECT /", "501 connect_refused"),
            ("GET a:443", "400 invalid_target"), ("GET a", "400 invalid_target"), ("GET ?x", "400 invalid_target"),
            ("GET //evil/x", "accepted"), ("GET http://b/", "accepted"), ("GET HTTP://b", "accepted"),
            ("GET https://b:8443/x", "accepted"), ("GET http://", "400 invalid_target"),
            ("GET http:/b", "400 invalid_target"),
            ("GET http:b", "400 invalid_target"), ("GET http:///x", "400 invalid_host"),
            ("GET http://?x", "400 invalid_host"),
            ("GET http://gw@evil/", "400 invalid_host"), ("GET http://a:b@evil/", "400 invalid_host"),
            ("GET http://b:/", "400 invalid_host"), ("GET http://b:99999/", "400 invalid_host"),
            ("GET http://[::1]/", "accepted"), ("GET http://[::1/", "400 invalid_host"),
            ("GET ws://b/", "400 invalid_target"),
            ("GET javascript:alert(1)", "400 invalid_target"), (#"GET http://b\\/x"#, "400 invalid_host"),
            (#"GET \\\\evil"#, "400 invalid_target"), ("GET http://b%2e/", "400 invalid_host"), ("TRACE /", "accepted"),
        ])
    func forms(_ start: String, _ expected: String) {
        #expect(verdict(start + " HTTP/1.1") == expected)
    }

    @Test("G18 fragments, spaces, controls and non-ASCII bytes in a target are refused, every other byte passes")
    func targetBytes() {
        for byte in UInt8(0)...255 {
            let bytes = Escapes.read("GET /a") + [byte] + Escapes.read(#"b HTTP/1.1\r\nHost: a\r\n\r\n"#)
            let isGood = byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "#")
            let verdict = Transcript.verdict(bytes)
            #expect((verdict == "accepted") == isGood, "\(byte): \(verdict)")
            #expect(isGood || verdict.hasPrefix("400 "))
        }
    }

    @Test("G17 a request line of 8 KiB is read, a longer one is 414, before it ends")
    func limit() {
        let room = 8192 - "GET  HTTP/1.1".count
        #expect(verdict(#"GET /\{\#(room - 1)xa} HTTP/1.1"#) == "accepted")
        #expect(verdict(#"GET /\{\#(room)xa} HTTP/1.1"#) == "414 request_line_too_long")
        #expect(Transcript.verdict(#"\{8300xG}"#) == "414 request_line_too_long")
        #expect(verdict(#"\{32xM} / HTTP/1.1"#) == "accepted")
        #expect(verdict(#"\{33xM} / HTTP/1.1"#) == "501 method_too_long")
    }
}
