import Bytes
import HTTP
import TestSupport
import Testing

@Suite struct FieldsTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test("Lines are what will be sent")
    func writing() {
        var fields = Fields()
        check(fields.isEmpty)
        fields.append(.location, utf8: "/a")
        fields.append("X-Test", bytes("one two").span)
        fields.append(name: bytes("X-Other").span, value: bytes("ü").span)
        fields.append(.retryAfter, decimal: 120)
        fields.append(.cacheControl, text: "no-store")
        fields.append("X-Number", decimal: -7)
        fields.append("X-Text", text: "")
        fields.append("X-String", utf8: "s")
        check(
            fields.lines.equals(
                "Location: /a\r\nX-Test: one two\r\nX-Other: ü\r\nRetry-After: 120\r\nCache-Control: no-store\r\nX-Number: -7\r\nX-Text: \r\nX-String: s\r\n"
            ))
        check(fields.count == 8)
        check(fields.first(.cacheControl) == 4)
        check(fields.first(named: "x-other") == 2)
        check(fields.first(named: "x-other", from: 3) == nil)
        check(fields.known(1) == .other)
        fields.clear()
        check(fields.isEmpty && fields.count == 0 && !fields.contains(.location) && fields.first(.location) == nil)
    }

    @Test("A line can be written in pieces, and taken back")
    func pieces() {
        var fields = Fields()
        fields.begin(.xForwardedFor)
        fields.extend("10.0.0.1")
        fields.extend(bytes(", ").span)
        fields.extend(utf8: "10.0.0.")
        fields.extend(decimal: 2)
        check(fields.openCount == 18)
        fields.end()
        fields.begin("X-Not")
        fields.extend("sent")
        fields.cancel()
        fields.begin(name: bytes("x-last").span)
        fields.end()
        check(fields.lines.equals("X-Forwarded-For: 10.0.0.1, 10.0.0.2\r\nx-last: \r\n"))
        check(fields.count == 2)
    }

    @Test("Lines rendered ahead pass as they are")
    func raw() {
        var fields = Fields()
        fields.append(.via, text: "1.1 postern")
        fields.appendRaw(lines: bytes("Authorization: Bearer x\r\nX-User: y\r\n").span)
        fields.appendRaw(lines: [UInt8]().span)
        fields.append(.date, text: "z")
        check(fields.lines.equals("Via: 1.1 postern\r\nAuthorization: Bearer x\r\nX-User: y\r\nDate: z\r\n"))
        check(fields.count == 2)
        check(fields.value(1).equals("z"))
    }

    @Test("G20 G35 a copied line is canonical and keeps its letters and its order")
    func copying() throws {
        var engine = HTTP1ServerEngine(limits: HTTPLimits())
        let head = RequestHead()
        _ = try engine.receive(
            Escapes.read(#"GET / HTTP/1.1\r\nHost:a\r\nx-A: 1\r\nX-b:\t 2 \t\r\nX-A:  3\r\nX-C:\r\n\r\n"#).span,
            head: head)
        var fields = Fields()
        fields.append(.server, text: "s")
        for position in 0..<head.fields.count { fields.copy(position, of: head.fields) }
        check(fields.lines.equals("Server: s\r\nHost: a\r\nx-A: 1\r\nX-b: 2\r\nX-A: 3\r\nX-C: \r\n"))
        check(fields.first(.host) == 1)
        var again = Fields()
        for position in 0..<fields.count { again.copy(position, of: fields) }
        check(again.lines.equals(fields.lines))
        var whole = Fields()
        whole.copyContents(of: head.fields)
        check(whole.lines.equals(head.fields.lines))
        check(whole.value(2).equals("2"))
    }

    @Test("Counting tells one from several")
    func counting() {
        var fields = Fields()
        for _ in 0..<3 { fields.append(.setCookie, text: "a=b") }
        fields.append(.vary, text: "x")
        check(fields.count(of: .setCookie) == 3)
        check(fields.count(of: .vary) == 1)
        check(fields.count(of: .age) == 0)
        check(fields.next(.setCookie, from: 1) == 1)
        check(fields.next(.setCookie, from: 3) == nil)
        check(fields.repeated == [.setCookie])
    }

    @Test(
        "G36 text from outside is asked first and left out whole",
        arguments: ["\r\nX-Admin: 1", "a\nb", "a\rb", "a\0b", "\u{7F}", "\u{1}"])
    func outside(_ value: String) {
        var fields = Fields()
        check(!fields.appendIfValid(name: "X-User", value: value))
        check(!fields.appendIfValid(name: value, value: "x"))
        check(!fields.appendIfValid(name: "", value: "x"))
        check(!fields.appendIfValid(name: "A B", value: "x"))
        check(fields.isEmpty)
        check(fields.appendIfValid(name: "X-User", value: "a\tb ü"))
    }

    @Test("G36 a line break in a value never leaves: it traps")
    func injection() async {
        await #expect(processExitsWith: .failure) {
            var fields = Fields()
            fields.append("X-User", utf8: "a\r\nX-Admin: 1")
        }
        await #expect(processExitsWith: .failure) {
            var fields = Fields()
            fields.append("X-User", utf8: "a\0")
        }
        await #expect(processExitsWith: .failure) {
            var fields = Fields()
            fields.append(name: "X-User: 1\r\nX-Admin".utf8Span.span, value: "1".utf8Span.span)
        }
        await #expect(processExitsWith: .failure) {
            var fields = Fields()
            fields.begin(.location)
            fields.extend("/\n")
            fields.end()
        }
        await #expect(processExitsWith: .failure) {
            var fields = Fields()
            fields.appendRaw(lines: "X: y".utf8Span.span)
        }
    }
}
