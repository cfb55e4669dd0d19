import TestSupport
import Testing

@Suite struct FramingFieldsTests {
    private func post(_ field: String, body: String = "hello") -> String {
        #"POST / HTTP/1.1\r\nHost: a\r\n"# + field + #"\r\n\r\n"# + body
    }

    private func post(_ field: [UInt8], body: String = #"0\r\n\r\n"#) -> [UInt8] {
        Escapes.read(#"POST / HTTP/1.1\r\nHost: a\r\n"#) + field + Escapes.read(#"\r\n\r\n"# + body)
    }

    @Test(
        "G3 a Content-Length that two readers could read differently is refused",
        arguments: [
            "+5", "-0", "-1", "0x5", "5,6", "5, 5", "5 5", "1_0", "", #"\xD9\xA5"#, "005", "00", "05", "5.0", "5e0",
            "5;", "5a",
            "a5", "\"5\"", "9223372036854775808", "18446744073709551616", "18446744073709551621",
            "100000000000000000000000000000000", "0,", ",5", "5h", "Five", #"5\t"#, #"\t5"#, #"5\x80"#,
        ])
    func invalidLength(_ value: String) {
        #expect(Transcript.verdict(post("Content-Length: " + value)) == "400 invalid_content_length")
    }

    @Test("G3 a length up to the largest integer is taken as it stands")
    func largestLength() throws {
        let lines = try #require(Transcript.outcome(post("Content-Length: 9223372036854775807")))
        #expect(lines.contains("  framing length(9223372036854775807) keepAlive"))
    }

    @Test("G3 two lengths are refused, equal or not", arguments: ["5", "6", "05", ""])
    func repeatedLength(_ second: String) {
        let text = post(#"Content-Length: 5\r\nX: y\r\ncontent-LENGTH: "# + second)
        #expect(Transcript.verdict(text) == "400 repeated_content_length")
    }

    @Test(
        "G2 both framings are refused in either order",
        arguments: [
            #"Content-Length: 5\r\nTransfer-Encoding: chunked"#, #"Transfer-Encoding: chunked\r\nContent-Length: 5"#,
            #"Content-Length: 0\r\nTransfer-Encoding: chunked"#, #"Content-Length: x\r\nTransfer-Encoding: x"#,
            #"Content-Length: 5\r\nTransfer-Encoding: identity"#, #"content-length: 5\r\ntransfer-encoding:"#,
        ])
    func both(_ fields: String) {
        #expect(Transcript.verdict(post(fields)) == "400 conflicting_framing")
    }

    @Test(
        "G4 malformed codings are 400",
        arguments: [
            "", "chunked, chunked", "chunked, gzip", "chunked,", ",chunked", "chunked;q=1", "chunked;", "chunked foo",
            "\"chunked\"", "chunked, identity", "x=chunked", "chunke d", "chunked\\x00", "[chunked]", "chunked, ,",
            "chunked,gzip,chunked", "gzip, chunked, chunked",
        ])
    func malformedCoding(_ value: String) {
        #expect(Transcript.verdict(post("Transfer-Encoding: " + value)).hasPrefix("400 "))
    }

    @Test(
        "G4 codings we do not know are 501",
        arguments: [
            "identity", "xchunked", "chunkedx", "gzip", "gzip, chunked", "deflate,gzip , chunked", "chunke",
            "Chunked-1",
        ])
    func unknownCoding(_ value: String) {
        #expect(Transcript.verdict(post("Transfer-Encoding: " + value)) == "501 unsupported_transfer_coding")
    }

    @Test(
        "G4 exactly one chunked, in any letter case, is accepted",
        arguments: ["chunked", "CHUNKED", "Chunked", "  chunked "])
    func chunked(_ value: String) {
        #expect(Transcript.verdict(post("Transfer-Encoding:" + value, body: #"0\r\n\r\n"#)) == "accepted")
    }

    @Test("G4 two Transfer-Encoding lines are refused", arguments: ["chunked", "identity", "", "gzip"])
    func repeatedCoding(_ second: String) {
        for order in [#"chunked\r\nTransfer-Encoding: "# + second, second + #"\r\nTRANSFER-encoding: chunked"#] {
            #expect(Transcript.verdict(post("Transfer-Encoding: " + order)) == "400 repeated_transfer_encoding")
        }
    }

    @Test("G5 Transfer-Encoding in HTTP/1.0 is refused", arguments: ["chunked", "identity", "gzip", ""])
    func oldVersion(_ value: String) {
        let text = #"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: "# + value + #"\r\n\r\n0\r\n\r\n"#
        #expect(Transcript.verdict(text) == "400 transfer_encoding_in_old_version")
    }

    /// The bytes that smuggling tools put around the parts of a framing field.
    static let gadgets: [UInt8] = Array(0x01...0x1F) + Array(0x7F...0xFF) + [0x00]

    enum Place: CaseIterable {
        case beforeName, insideName, afterName, afterColon, beforeValue, insideValue, afterValue
    }

    private func gadget(_ byte: [UInt8], _ place: Place, name: String, value: String) -> [UInt8] {
        let half = name.utf8.count / 2
        let parts: [(Place, String)] = [
            (.beforeName, String(name.prefix(half))), (.insideName, String(name.dropFirst(half))), (.afterName, ":"),
            (.afterColon, " "), (.beforeValue, String(value.prefix(1))), (.insideValue, String(value.dropFirst())),
            (.afterValue, ""),
        ]
        var bytes: [UInt8] = []
        for (wanted, text) in parts {
            if place == wanted { bytes += byte }
            bytes += Array(text.utf8)
        }
        return bytes
    }

    @Test(
        "G4 every control and non-ASCII byte in every place of Transfer-Encoding is refused", arguments: Place.allCases)
    func codingGadgets(_ place: Place) {
        for byte in Rounds.some(of: Self.gadgets) {
            for pair in [[byte], [byte, byte], [0x0D, byte], [byte, 0x20]] where pair != [0x0D, 0x0A] {
                let bytes = post(gadget(pair, place, name: "Transfer-Encoding", value: "chunked"))
                let verdict = Transcript.verdict(bytes)
                if !verdict.hasPrefix("400 ") { Issue.record("\(place) \(pair): \(verdict)") }
            }
        }
    }

    @Test("G3 and in every place of Content-Length", arguments: Place.allCases)
    func lengthGadgets(_ place: Place) {
        for byte in Rounds.some(of: Self.gadgets) {
            for pair in [[byte], [byte, byte], [0x0D, byte], [byte, 0x20]] where pair != [0x0D, 0x0A] {
                let bytes = post(gadget(pair, place, name: "Content-Length", value: "15"), body: "")
                let verdict = Transcript.verdict(bytes)
                if !verdict.hasPrefix("400 ") { Issue.record("\(place) \(pair): \(verdict)") }
            }
        }
    }

    @Test("G4 a line end smuggled into the field is a line of its own or refused", arguments: Place.allCases)
    func lineEnds(_ place: Place) {
        for end in [[0x0D, 0x0A], [0x0A], [0x0D], [0x0D, 0x0A, 0x20], [0x0D, 0x0A, 0x09], [0x0A, 0x20]] as [[UInt8]] {
            let bytes = post(gadget(end, place, name: "Transfer-Encoding", value: "chunked"), body: "")
            let verdict = Transcript.verdict(bytes)
            // Before the name CR LF ends the head, and behind the value as well: what is left is another message.
            if end == [0x0D, 0x0A], place == .beforeName || place == .afterValue { continue }
            #expect(verdict.hasPrefix("400 "), "\(place) \(end): \(verdict)")
        }
    }
}
