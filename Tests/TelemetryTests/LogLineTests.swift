import Bytes
import Formats
import Foundation
import Testing
import Time

@testable import Telemetry

/// The moment 2026-03-04T05:06:07.089Z.
let aMoment = Timestamp(milliseconds: 1_772_600_767_089)

func written(_ format: LogFormat, _ body: (inout LogLine) -> Void) -> String {
    var line = LogLine(format: format)
    line.begin(.info, "request", at: aMoment)
    body(&line)
    line.end()
    return String(decoding: [UInt8](line.bytes), as: UTF8.self)
}

@Suite struct LogLineTests {
    private func accessLine(_ line: inout LogLine) {
        line.field("request_id", utf8: "4bf92f3577b34da6a3ce929d0e0e4736")
        line.field("client", utf8: "203.0.113.9")
        line.field("method", utf8: "GET")
        line.field("host", utf8: "app.example.com")
        line.field("path", utf8: "/api/orders and \"more\"")
        line.field("status", 200)
        line.field("duration_ms", milliseconds: .microseconds(12_034))
        line.absent("upstream_ms")
        line.field("bytes_in", 0)
        line.field("bytes_out", 1024)
        line.field("route", utf8: "/api/")
        line.field("user", utf8: "jürgen")
        line.field("cached", true)
    }

    @Test("An access line in both formats is the one in the fixture")
    func golden() throws {
        let fixture = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../Fixtures/log/access.golden")
        let expected = try String(contentsOf: fixture, encoding: .utf8)
        #expect(written(.json, accessLine) + written(.text, accessLine) == expected)
    }

    @Test("Each line carries its own time, within a second, across its end and backwards")
    func times() {
        var line = LogLine(format: .text)
        let second = aMoment.seconds * 1000
        for milliseconds in [0, 7, 89, 999, 1000, 1001, 60_000, 59_999, -1, -1000, 86_400_000] as [Int64] {
            let time = Timestamp(milliseconds: second + milliseconds)
            line.clear()
            line.begin(.info, "tick", at: time)
            line.end()
            let text = String(decoding: [UInt8](line.bytes), as: UTF8.self)
            #expect(text.hasPrefix(RFC3339.string(time) + " "), "\(text)")
        }
    }

    @Test("A line is used again without a trace of the one before")
    func reuse() {
        var line = LogLine(format: .json)
        let once = "{\"ts\":\"2026-03-04T05:06:07.089Z\",\"level\":\"warning\",\"msg\":\"again\"}\n"
        for count in 1...2 {
            line.clear()
            for _ in 0..<count {
                line.begin(.warning, "again", at: aMoment)
                line.end()
            }
            #expect(String(decoding: [UInt8](line.bytes), as: UTF8.self) == String(repeating: once, count: count))
        }
    }

    @Test("What is known to be plain is written as what is not known to be", arguments: LogFormat.allCases)
    func plain(format: LogFormat) {
        for text in ["GET", "-", "", "a=b", "0123456789abcdef0123456789abcdef", "2001:db8::1", "a b"] {
            let bytes = Array(text.utf8)
            let plain = written(format) { $0.field("name", plain: bytes.span) }
            #expect(plain == written(format) { $0.field("name", bytes.span) })
        }
    }

    @Test(
        "A line stays one line, whatever a stranger writes into a field",
        arguments: [LogFormat.json, .text])
    func controlCharacters(format: LogFormat) {
        for byte in UInt8.min...UInt8.max {
            let value: [UInt8] = [0x61, byte, 0x62]
            let line = written(format) { $0.field("path", value.span) }
            let inner = line.utf8.dropLast()
            #expect(!inner.contains { $0 < 0x20 || $0 == 0x7F }, "byte \(byte)")
            #expect(line.hasSuffix("\n"))
        }
    }

    @Test("JSON lines are JSON for every byte string", arguments: 0..<200)
    func parses(seed: Int) throws {
        var random = IdentifierGenerator(seed: UInt64(seed))
        let value = (0..<40).map { _ in UInt8.random(in: 0...255, using: &random) }
        let line = written(.json) { $0.field("path", value.span) }
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        #expect(object?["msg"] as? String == "request")
    }

    @Test("C1 controls, line separators and bidirectional controls are escaped, other letters are not")
    func steeringCharacters() {
        let line = written(.json) { $0.field("path", utf8: "é\u{85}\u{2028}\u{202E}\u{2066}漢🙂") }
        #expect(line.contains(#""path":"é\u0085\u2028\u202e\u2066漢🙂""#))
    }

    @Test("Bytes that are not UTF-8 become U+FFFD")
    func invalidUTF8() {
        let value: [UInt8] = [0xC0, 0xAF, 0xED, 0xA0, 0x80, 0x61, 0xF0, 0x9F]
        let line = written(.json) { $0.field("path", value.span) }
        #expect(line.contains(#""path":"\ufffd\ufffd\ufffd\ufffd\ufffda\ufffd\ufffd""#))
    }

    @Test("In text an empty value, a dash and a value with = cannot be mistaken")
    func textQuotes() {
        let line = written(.text) {
            $0.field("a", utf8: "")
            $0.field("b", utf8: "-")
            $0.absent("c")
            $0.field("d", utf8: "x status=200")
            $0.field("e", utf8: "plain/path")
        }
        #expect(line.hasSuffix(#"request a="" b="-" c=- d="x status=200" e=plain/path"# + "\n"))
    }

    @Test("Durations print with three decimals and never below zero")
    func durations() {
        let line = written(.text) {
            $0.field("a", milliseconds: .microseconds(5))
            $0.field("b", milliseconds: .milliseconds(70))
            $0.field("c", milliseconds: .microseconds(1234))
            $0.field("d", milliseconds: .seconds(-3))
        }
        #expect(line.hasSuffix("a=0.005 b=70.000 c=1.234 d=0.000\n"))
    }

    @Test("Values of every kind")
    func values() {
        let line = written(.json) {
            $0.field("a", .strings(["x", "y\n"]))
            $0.field("b", .number(.infinity))
            $0.field("c", .number(0.25))
            $0.field("d", .count(UInt64.max))
            $0.field("e", .optional(nil))
        }
        #expect(line.contains(#""a":["x","y\n"],"b":null,"c":0.25,"d":9223372036854775807,"e":null}"#))
    }

    @Test("A54 an address in a log line shows neither query nor fragment nor user")
    func addresses() {
        let line = written(.json) { $0.field("to", .url("https://u:p@idp.example/a?code=SplxlOBe#state=af0")) }
        #expect(line.contains(#""to":"https://idp.example/a""#))
    }
}
