import Bytes
import HTTP
import TestSupport
import Testing

@Suite struct HopByHopTests {
    /// The names of the fields that would be forwarded.
    private func kept(_ fields: String) -> [String] {
        var engine = HTTP1ServerEngine(limits: HTTPLimits())
        let head = RequestHead()
        let text = #"GET / HTTP/1.1\r\nHost: a\r\n"# + fields + #"\r\n\r\n"#
        guard (try? engine.receive(Escapes.read(text).span, head: head).event) == .head else { return ["refused"] }
        var names: [String] = []
        for position in 1..<head.fields.count where !HopByHop.contains(head.fields, position) {
            names.append(Transcript.text(head.fields.name(position)))
        }
        return names
    }

    @Test(
        "G30 these never pass, whether Connection names them or not",
        arguments: [
            "Connection: x", "Proxy-Connection: x", "Keep-Alive: x", "TE: trailers", "Upgrade: x",
            "Proxy-Authenticate: x",
            "Proxy-Authorization: x", "HTTP2-Settings: x", "cOnNeCtIoN: x", "KEEP-ALIVE: x",
            #"Transfer-Encoding: chunked"#,
        ])
    func always(_ field: String) {
        #expect(kept(field + #"\r\nZ: y"#) == ["Z"])
    }

    @Test("G30 G31 a field that Connection names does not pass, in any letters, wherever it stands")
    func named() {
        #expect(kept(#"X-User: 1\r\nConnection: x-uSER\r\nx-user: 2\r\nY: z"#) == ["Y"])
        #expect(kept(#"Connection: a\r\nA: 1\r\nConnection: b, c\r\nB: 2\r\nC: 3\r\nD: 4"#) == ["D"])
        #expect(kept(#"Connection: close , ,\t X-Forwarded-For\r\nX-Forwarded-For: 1\r\nD: 4"#) == ["D"])
        #expect(kept(#"Connection: D-\r\nD: 4\r\nD-: 5"#) == ["D"])
        #expect(kept(#"Connection:\r\nD: 4"#) == ["D"])
        #expect(kept(#"Connection: close, keep-alive, upgrade\r\nClose: 1\r\nD: 4"#) == ["Close", "D"])
    }

    @Test(
        "G31 a Connection that names a field on which the message stands is refused",
        arguments: [
            "Host", "content-length", "Transfer-Encoding", "AUTHORIZATION", "cookie", "close, Cookie",
            #"a\r\nConnection: host"#,
        ])
    func protected(_ options: String) {
        #expect(
            Transcript.verdict(#"GET / HTTP/1.1\r\nHost: a\r\nConnection: \#(options)\r\n\r\n"#)
                == "400 protected_connection_option")
    }

    @Test(
        "G31 options are tokens, and not many",
        arguments: ["a b", "a;b", "\"a\"", "a=b", #"\xFF"#, #"\{33xa,}"#, "@", "a/b"])
    func invalid(_ options: String) {
        #expect(
            Transcript.verdict(#"GET / HTTP/1.1\r\nHost: a\r\nConnection: \#(options)\r\n\r\n"#)
                == "400 invalid_connection_option")
    }

    @Test("G31 in a response such an option is without effect, and framing stays as it is")
    func response() {
        let text = #"HTTP/1.1 200 OK\r\nConnection: Content-Length, X-A\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nok"#
        #expect(
            Transcript.client([Escapes.read(text)]) == [
                "head 200 OK http11", "  framing length(2) keepAlive",
                "  Connection: Content-Length, X-A   <- hop by hop", "  X-A: 1   <- hop by hop", "  Content-Length: 2",
                "body \"ok\"", "end", "reusable",
            ])
    }

    @Test(
        "G34 names with an underscore are told apart and are never a field that we know",
        arguments: ["X_Forwarded_For", "Content_Length", "Transfer_Encoding", "X-Forwarded_For", "_", "Host_"])
    func underscore(_ name: String) throws {
        var engine = HTTP1ServerEngine(limits: HTTPLimits())
        let head = RequestHead()
        let text = #"GET / HTTP/1.1\r\nHost: a\r\n\#(name): chunked\r\n\r\n"#
        check(try engine.receive(Escapes.read(text).span, head: head).event == .head)
        check(head.fields.hasUnderscore(1))
        check(!head.fields.hasUnderscore(0))
        check(head.fields.known(1) == .other)
        check(head.framing == .none)
    }

    @Test(
        "G35 a singleton twice is refused, equal or not",
        arguments: [
            "Content-Type", "Authorization", "Origin", "Referer", "User-Agent", "Range", "If-Range", "DPoP",
            "Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest", "X-CSRF", "Upgrade", "Sec-WebSocket-Key", "Date",
            "Max-Forwards", "Proxy-Authorization",
        ])
    func singletons(_ name: String) {
        for value in ["x", "y"] {
            let text = #"GET / HTTP/1.1\r\nHost: a\r\n\#(name): x\r\n\#(name.uppercased()): \#(value)\r\n\r\n"#
            #expect(Transcript.verdict(text) == "400 repeated_field")
        }
    }
}
