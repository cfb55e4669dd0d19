import Bytes
import HTTP
import Testing

@Suite struct HTTP1ServerEngineTests {
    @Test("A plain request is a head and an end") func plain() {
        let lines = Transcript.server([
            Escapes.read(#"GET /a?b=c HTTP/1.1\r\nHost: example.com:8080\r\nX-Test: one\r\n\r\n"#)
        ])
        #expect(
            lines == [
                "head GET /a?b=c http11", "  host example.com port 8080 form origin", "  path /a query b=c",
                "  framing none keepAlive", "  Host: example.com:8080", "  X-Test: one", "end",
            ])
    }
}
