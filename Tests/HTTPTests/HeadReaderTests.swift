import Bytes
import HTTP
import TestSupport
import Testing

@Suite struct HeadReaderTests {
    private static let start = #"GET / HTTP/1.1\r\nHost: a\r\n"#

    @Test("G8 no control byte but a tab inside a value, and no bare line end, passes anywhere in a head")
    func controls() {
        let places = [
            (#"GET / HTTP/1.1\r\nHost: a\r\nX-Name"#, #": value\r\n\r\n"#),
            (#"GET / HTTP/1.1\r\nHost: a\r\nX: val"#, #"ue\r\n\r\n"#),
            (#"GET / HTTP/1.1\r\nHost: a\r\n"#, #"X: value\r\n\r\n"#), (#"GE"#, #"T / HTTP/1.1\r\nHost: a\r\n\r\n"#),
            (#"GET / HTTP/1.1"#, #"\r\nHost: a\r\n\r\n"#), (#"GET / HTTP/1.1\r"#, #"\nHost: a\r\n\r\n"#),
            (#"GET / HTTP/1.1\r\nHost: a\r\nX: a\r"#, #"\n\r\n"#), (#"GET / HTTP/1.1\r\nHost: a\r\n\r"#, #"\n"#),
        ]
        for (number, (before, after)) in places.enumerated() {
            for byte in Array(UInt8(0)..<0x20) + [0x7F] {
                let isTabInValue = byte == 0x09 && number == 1
                let verdict = Transcript.verdict(Escapes.read(before) + [byte] + Escapes.read(after))
                if (verdict == "accepted") != isTabInValue { Issue.record("\(byte) in place \(number): \(verdict)") }
            }
        }
    }

    @Test("G9 a field name is a token", arguments: Array(UInt8(0)...255))
    func names(_ byte: UInt8) {
        let isToken =
            byte < 128
            && (Unicode.Scalar(byte).properties.isAlphabetic || "!#$%&'*+-.^_`|~0123456789".utf8.contains(byte))
        // Behind 20 letters, so that both ways of scanning are seen.
        for before in ["A", "ABCDEFGHIJKLMNOPQRST"] {
            let bytes = Escapes.read(Self.start + before) + [byte] + Escapes.read(#"B: x\r\n\r\n"#)
            // A colon ends the name: `A:B: x`.
            let isGood = isToken || byte == UInt8(ascii: ":")
            #expect((Transcript.verdict(bytes) == "accepted") == isGood)
        }
    }

    @Test("G7 whitespace at the beginning of a line is refused, first line or not", arguments: [" ", #"\t"#, "  "])
    func folding(_ space: String) {
        #expect(Transcript.verdict(Self.start + space + #"X: y\r\n\r\n"#) == "400 folded_line")
        #expect(Transcript.verdict(#"GET / HTTP/1.1\r\n"# + space + #"Host: a\r\n\r\n"#) == "400 folded_line")
        #expect(Transcript.verdict(Self.start + #"X: y\r\n"# + space + #"\r\n\r\n"#) == "400 folded_line")
    }

    @Test("G17 a header section of 32 KiB is read, a longer one is 431, before it ends")
    func headerBytes() {
        // 32 lines of 1,000 bytes and one that fills up to the limit, the empty line included.
        let lines = #"\{32xX: \#(String(repeating: "y", count: 995))\r\n}"#
        let room = 32 * 1024 - "Host: a\r\n".utf8.count - 32 * 1000 - "X: \r\n\r\n".utf8.count
        func filled(_ count: Int) -> String { Self.start + lines + #"X: \{\#(count)xy}\r\n"# }
        #expect(Transcript.verdict(filled(room) + #"\r\n"#) == "accepted")
        #expect(Transcript.verdict(filled(room + 1) + #"\r\n"#) == "431 header_too_large")
        #expect(Transcript.verdict(filled(room + 3)) == "431 header_too_large")
        #expect(Transcript.verdict(Self.start + #"X: \{33000xy}"#) == "431 header_too_large")
    }

    @Test("G17 a hundred fields are read, one more is 431")
    func fieldCount() {
        #expect(Transcript.verdict(Self.start + #"\{99xX: y\r\n}\r\n"#) == "accepted")
        #expect(Transcript.verdict(Self.start + #"\{100xX: y\r\n}\r\n"#) == "431 too_many_fields")
        #expect(Transcript.verdict(Self.start + #"\{5000xX: y\r\n}"#) == "431 too_many_fields")
    }

    @Test("G17 limits are settings")
    func settings() {
        var limits = HTTPLimits()
        limits.requestLine = 20
        limits.headerBytes = 40
        limits.headers = 2
        func verdict(_ text: String) -> String { Transcript.verdict(text, limits: limits) }
        #expect(verdict(#"GET /123456 HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n"#) == "accepted")
        #expect(verdict(#"GET /1234567 HTTP/1.1\r\nHost: a\r\n\r\n"#) == "414 request_line_too_long")
        #expect(verdict(#"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nX: y\r\n\r\n"#) == "431 too_many_fields")
        #expect(verdict(#"GET / HTTP/1.1\r\nHost: a\r\nX: \{40xy}\r\n\r\n"#) == "431 header_too_large")
    }

    @Test("Nothing behind a head is taken with it")
    func rest() throws {
        let head = RequestHead()
        let text = Escapes.read(Self.start + #"\r\n"#)
        for cut in 0...text.count {
            var engine = HTTP1ServerEngine(limits: HTTPLimits())
            let first = try engine.receive(text.span.extracting(0..<cut), head: head)
            #expect(first.consumed == cut)
            let rest = Array(text[cut...]) + Array("body".utf8)
            if cut < text.count {
                #expect(first.event == .needMore)
                let second = try engine.receive(rest.span, head: head)
                #expect(second.consumed == text.count - cut)
                #expect(second.event == .head)
            }
            check(head.fields.lines.equals("Host: a\r\n"))
        }
    }

    @Test("A head that comes in single bytes costs what its bytes cost")
    func singleBytes() throws {
        var limits = HTTPLimits()
        limits.headerBytes = 4 << 20
        let length = Rounds.of(1_000_000)
        let bytes = Escapes.read(Self.start + #"X: \{\#(length)xy}\r\n\r\n"#)
        var engine = HTTP1ServerEngine(limits: limits)
        let head = RequestHead()
        // Were the line looked at again for each byte, this would take an hour.
        for position in bytes.indices {
            let (consumed, event) = try engine.receive(bytes.span.extracting(position..<(position + 1)), head: head)
            if consumed != 1 { Issue.record("not consumed at \(position)") }
            if event == .head { #expect(position == bytes.count - 1) }
        }
        check(head.fields.value(1).count == length)
    }

    @Test("An engine is idle until a byte of a request has come")
    func idle() throws {
        var engine = HTTP1ServerEngine(limits: HTTPLimits())
        let head = RequestHead()
        check(engine.isIdle)
        _ = try engine.receive(Escapes.read(#"\r\n"#).span, head: head)
        check(engine.isIdle)
        _ = try engine.receive(Escapes.read("G").span, head: head)
        check(!engine.isIdle)
    }

    @Test("A head that was left half read is forgotten when a new connection borrows it")
    func borrowed() throws {
        let head = RequestHead()
        var first = HTTP1ServerEngine(limits: HTTPLimits())
        _ = try first.receive(Escapes.read(#"POST http://evil/ HTTP/1.1\r\nHost: evil\r\nX: "#).span, head: head)
        var second = HTTP1ServerEngine(limits: HTTPLimits())
        let (_, event) = try second.receive(Escapes.read(Self.start + #"\r\n"#).span, head: head)
        #expect(event == .head)
        check(head.method == .get)
        check(head.form == .origin)
        check(head.authority.equals("a"))
        check(head.fields.count == 1)
    }
}
