import Bytes
import HTTP
import TestSupport
import Testing

@Suite struct CookieReaderTests {
    private static let ours = "__Host-Http-postern"

    private func fields(_ lines: [String]) -> RequestHead {
        var engine = HTTP1ServerEngine(limits: HTTPLimits())
        let head = RequestHead()
        let text = #"GET / HTTP/1.1\r\nHost: a\r\n"# + lines.map { "Cookie: " + $0 + #"\r\n"# }.joined() + #"\r\n"#
        let event = try? engine.receive(Escapes.read(text).span, head: head).event
        #expect(event == .head)
        return head
    }

    private func find(_ lines: [String], _ name: String = ours) -> String {
        let head = fields(lines)
        switch CookieReader(head.fields).find(name.utf8Span.span) {
        case .none: return "none"
        case .one(let value): return "one " + Transcript.text(value)
        case .several: return "several"
        }
    }

    private func others(_ lines: [String], _ names: [String] = [ours]) -> String {
        let head = fields(lines)
        var output = Fields()
        CookieReader(head.fields).copyOthers(into: &output) { name in
            names.contains { name.equals($0.utf8Span.span) }
        }
        return Transcript.text(output.lines)
    }

    @Test("A cookie is found among others, in several lines")
    func found() {
        #expect(find(["\(Self.ours)=x"]) == "one x")
        #expect(find(["a=1; \(Self.ours)=x; b=2"]) == "one x")
        #expect(find(["a=1", "b=2; \(Self.ours)=x", "c=3"]) == "one x")
        #expect(find(["a=1;\(Self.ours)=x;b=2"]) == "one x")
        #expect(find(["a; ; =;;\(Self.ours)=x;"]) == "one x")
        #expect(find(["\(Self.ours)="]) == "one ")
        #expect(find(["\(Self.ours)=a=b=="]) == "one a=b==")
        #expect(find(["\(Self.ours)=\"x\""]) == #"one "x""#)
        #expect(find([#"\#(Self.ours)=\xC3\xA9"#]) == #"one \xC3\xA9"#)
        #expect(find(["a=1"]) == "none")
        #expect(find([""]) == "none")
        #expect(find([]) == "none")
    }

    @Test("E6 names are compared exactly; look-alikes are other cookies")
    func lookAlikes() {
        #expect(find(["__HOST-HTTP-postern=evil; \(Self.ours)=good"]) == "one good")
        #expect(find(["__host-http-postern=evil"]) == "none")
        #expect(find(["=\(Self.ours)=evil; \(Self.ours)=good"]) == "one good")
        #expect(find([Self.ours]) == "none")
        #expect(find(["x\(Self.ours)=evil"]) == "none")
        #expect(find(["\(Self.ours)x=evil"]) == "none")
        #expect(find(["a=\"; \(Self.ours)=good; b=\""]) == "one good")
        #expect(find(["a=1, \(Self.ours)=evil"]) == "none")
    }

    @Test("E7 two of the same name are refused whatever their order, their values and their lines")
    func several() {
        #expect(find(["\(Self.ours)=x; \(Self.ours)=y"]) == "several")
        #expect(find(["\(Self.ours)=x; \(Self.ours)=x"]) == "several")
        #expect(find(["\(Self.ours)=x", "\(Self.ours)=y"]) == "several")
        #expect(find(["\(Self.ours)=x; a=1", "b=2; \(Self.ours)="]) == "several")
        #expect(find(["\(Self.ours) =x; \(Self.ours)=y"]) == "several")
    }

    @Test("More cookies than browsers send are not searched for an answer")
    func limit() {
        let few = (0..<(CookieReader.mostPairs - 1)).map { "c\($0)=" }.joined(separator: ";")
        #expect(find([few + ";\(Self.ours)=x"]) == "one x")
        #expect(find([few + ";a=b;\(Self.ours)=x"]) == "several")
    }

    @Test("E11 ours are removed, also twice, quoted, in several lines; the others pass")
    func removal() {
        #expect(others(["\(Self.ours)=x"]) == "")
        #expect(others(["a=1; \(Self.ours)=x; b=2"]) == #"Cookie: a=1; b=2\r\n"#)
        #expect(others(["\(Self.ours)=x; \(Self.ours)=y; a=1", "\(Self.ours)=z", "b=2"]) == #"Cookie: a=1; b=2\r\n"#)
        #expect(others(["\(Self.ours)=\"x\"; a=\"1;2\""]) == #"Cookie: a="1; 2"\r\n"#)
        #expect(others(["\(Self.ours) = x;a = 1"]) == #"Cookie: a = 1\r\n"#)
        #expect(others(["a;; =b;c="]) == #"Cookie: a; =b; c=\r\n"#)
        #expect(others(["a=1"]) == #"Cookie: a=1\r\n"#)
        #expect(others([""]) == "")
        #expect(others([]) == "")
        #expect(
            others(
                ["postern-login-abc=1; a=1; postern-logout=2; postern-loop=3"],
                ["postern-login-abc", "postern-logout", "postern-loop"])
                == #"Cookie: a=1\r\n"#)
        #expect(others(["__HOST-Http-postern=x"]) == #"Cookie: __HOST-Http-postern=x\r\n"#)
    }

    @Test("E11 beyond the limit ours are still removed")
    func removalBeyondLimit() {
        let many = (0..<600).map { "c\($0)=" }.joined(separator: "; ")
        #expect(others([many + "; \(Self.ours)=x"]) == "Cookie: " + many + #"\r\n"#)
    }
}
