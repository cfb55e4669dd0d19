import Bytes
import HTTP
import TestSupport
import Testing

@Suite struct ChunkedReaderTests {
    private static let head = #"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"#

    @Test(
        "G10 a chunk size is hexadecimal digits and nothing else",
        arguments: [
            "+5", "-5", "0x5", "0X5", " 5", "5 ", #"\t5"#, #"5\t"#, "5_0", "g", "", ";a", #"\x005"#, #"5\x00"#, "5,",
            "٥", "5 ;a",
            "\"5\"", #"5\x0B"#, "h", "5.0", "00000000000000005", "FFFFFFFFFFFFFFFF", "8000000000000000",
            "10000000000000000",
            "99999999999999999999",
        ])
    func invalidSize(_ size: String) {
        let verdict = Transcript.verdict(Self.head + size + #"\r\nhello\r\n0\r\n\r\n"#)
        #expect(verdict == "400 invalid_chunk_size")
    }

    @Test("G10 sixteen digits that fit are a size", arguments: ["0000000000000005", "5"])
    func longSize(_ size: String) {
        #expect(Transcript.verdict(Self.head + size + #"\r\nhello\r\n0\r\n\r\n"#) == "accepted")
    }

    @Test("G10 the largest size is taken as it stands")
    func largestSize() {
        #expect(Transcript.verdict(Self.head + #"7FFFFFFFFFFFFFFF\r\nhello"#) == "accepted")
    }

    @Test(
        "G10 lines and data end with CR LF exactly",
        arguments: [
            (#"5\nhello\r\n0\r\n\r\n"#, "400 bare_line_feed"),
            (#"5\r\rhello\r\n0\r\n\r\n"#, "400 bare_carriage_return"),
            (#"5\rhello\r\n0\r\n\r\n"#, "400 bare_carriage_return"),
            (#"5\r\nhello\n0\r\n\r\n"#, "400 missing_chunk_end"),
            (#"5\r\nhello0\r\n\r\n"#, "400 missing_chunk_end"), (#"5\r\nhello\rX0\r\n\r\n"#, "400 missing_chunk_end"),
            (#"5\r\nhello\r\r\n0\r\n\r\n"#, "400 missing_chunk_end"),
            (#"5\r\nhello \r\n0\r\n\r\n"#, "400 missing_chunk_end"),
            (#"5\r\nhello\r\n0\n\r\n"#, "400 bare_line_feed"), (#"5\r\nhello\r\n0\r\n\n"#, "400 bare_line_feed"),
            (#"5\r\nhello\r\n0\r\n\rX"#, "400 bare_carriage_return"),
            (#"4\r\nhello\r\n0\r\n\r\n"#, "400 missing_chunk_end"),
        ])
    func lineEnds(_ body: String, _ expected: String) {
        #expect(Transcript.verdict(Self.head + body) == expected)
    }

    @Test(
        "G10 extensions follow their grammar",
        arguments: [
            ("a", true), ("a=b", true), ("a=\"b\"", true), ("a=\"\"", true), ("a;b;c=d", true),
            (#"a="\\"\\\\;""#, true),
            (#"a="\t \xFF""#, true), ("", false), ("=b", false), ("a=", false), ("a=;b", false), ("a b", false),
            ("a =b", false), ("a= b", false), (" a", false), ("a ", false), ("a=\"b", false), ("a=\"b\"c", false),
            ("a=b\"c\"", false), (#"a="\x00""#, false), (#"a="\r""#, false), (#"a="\n""#, false),
            (#"a="\\\r\n""#, false),
            (#"\x00"#, false), (#"\n"#, false), (#"a\r"#, false), ("a=b=c", false), (";a", false), ("a;;b", false),
            (#"a=\x80"#, false), ("a=\"b\"=c", false),
        ])
    func extensions(_ text: String, _ isGood: Bool) {
        let verdict = Transcript.verdict(Self.head + "5;" + text + #"\r\nhello\r\n0\r\n\r\n"#)
        #expect((verdict == "accepted") == isGood, "\(verdict)")
        #expect(isGood || verdict.hasPrefix("400 "))
    }

    @Test("G10 a chunk line is at most 1 KiB, all extensions of a body at most 16 KiB")
    func extensionLimits() {
        let line = #"\{1020xa}"#
        #expect(Transcript.verdict(Self.head + "5;" + line + #"\r\nhello\r\n0\r\n\r\n"#) == "accepted")
        #expect(
            Transcript.verdict(Self.head + "5;a" + line + #"\r\nhello\r\n0\r\n\r\n"#) == "400 chunk_line_too_long")
        #expect(Transcript.verdict(Self.head + #"5;\{65536xa}"#) == "400 chunk_line_too_long")
        let chunk = #"1;\{1000xa}\r\nx\r\n"#
        #expect(
            Transcript.verdict(Self.head + String(repeating: chunk, count: 16) + #"0\r\n\r\n"#) == "accepted")
        #expect(
            Transcript.verdict(Self.head + String(repeating: chunk, count: 17) + #"0\r\n\r\n"#)
                == "400 chunk_extensions_too_long")
    }

    @Test("G10 a million chunks of one byte are a million steps")
    func manyChunks() throws {
        var engine = HTTP1ServerEngine(limits: HTTPLimits())
        let head = RequestHead()
        _ = try engine.receive(Escapes.read(Self.head).span, head: head)
        let chunks = Escapes.read(#"\{10000x1\r\nx\r\n}"#)
        var bytes = 0
        var steps = 0
        let rounds = Rounds.of(100)
        for _ in 0..<rounds {
            var at = 0
            while at < chunks.count {
                let (consumed, event) = try engine.receive(chunks.span.extracting(at..<chunks.count), head: head)
                at += consumed
                steps += 1
                if case .body(let range) = event { bytes += range.count }
            }
        }
        #expect(bytes == rounds * 10_000)
        #expect(steps <= rounds * 10_002)
    }

    @Test("G11 trailers that frame, route, identify or describe content are dropped; others stay, apart from the head")
    func trailers() {
        let dropped = [
            "Content-Length: 5", "Transfer-Encoding: chunked", "Host: b", "Authorization: x", "Cookie: a=b",
            "Set-Cookie: a=b",
            "Content-Type: a/b", "Content-Encoding: gzip", "Content-Range: x", "Connection: close", "TE: trailers",
            "Trailer: x", "Upgrade: x", "Expect: 100-continue", "X-Forwarded-For: 1", "Forwarded: for=1",
            "Cache-Control: x",
            "Proxy-Authorization: x", "Origin: x", "Sec-Fetch-Site: none", "X_Y: 1", "Max-Forwards: 1", "Via: x",
            "Location: /", "WWW-Authenticate: x", "Age: 1", "Vary: *", "X-Request-Id: 1", "DPoP: x",
        ].joined(separator: #"\r\n"#)
        let lines = Transcript.outcome(
            Self.head + #"1\r\nx\r\n0\r\nX-Checksum: 1\r\n"# + dropped + #"\r\nGrpc-Status: 0\r\n\r\n"#)
        #expect(
            lines?.suffix(5) == ["body \"x\"", "trailers", "  X-Checksum: 1", "  Grpc-Status: 0", "end"])
    }

    @Test("G11 a trailer section has limits of its own")
    func trailerLimits() {
        let end = #"0\r\n"#
        #expect(
            Transcript.verdict(Self.head + end + #"\{32xX: y\r\n}"# + #"\r\n"#) == "accepted")
        #expect(
            Transcript.verdict(Self.head + end + #"\{33xX: y\r\n}"# + #"\r\n"#) == "431 too_many_fields")
        #expect(Transcript.verdict(Self.head + end + #"X: \{9000xy}\r\n\r\n"#) == "431 header_too_large")
        #expect(Transcript.verdict(Self.head + end + #"X: \{9000xy}"#) == "431 header_too_large")
    }
}
