import Bytes
import Testing

@testable import Telemetry

@Suite struct TraceContextTests {
    private func child(of text: String?) -> String {
        var generator = IdentifierGenerator(seed: 7)
        var buffer = ByteBuffer()
        let parent = text.flatMap { TraceContext(parsing: $0.utf8Span.span) }
        TraceContext.child(of: parent, using: &generator).write(into: &buffer)
        return String(decoding: buffer.array, as: UTF8.self)
    }

    @Test("A well-formed context is continued with a span of our own")
    func continues() throws {
        let incoming = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        let outgoing = child(of: incoming)
        #expect(outgoing.hasPrefix("00-4bf92f3577b34da6a3ce929d0e0e4736-"))
        #expect(!outgoing.contains("00f067aa0ba902b7"))
        #expect(outgoing.hasSuffix("-01") && outgoing.utf8.count == TraceContext.length)
    }

    @Test("A later version is continued as version 00 and its sampled bit alone is kept")
    func laterVersion() {
        let outgoing = child(of: "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-fe-what-follows")
        #expect(outgoing.hasPrefix("00-4bf92f3577b34da6a3ce929d0e0e4736-"))
        #expect(outgoing.hasSuffix("-00"))
    }

    @Test(
        "A malformed context counts as absent",
        arguments: [
            "", "00", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01extra",
            "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
            "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
        ])
    func malformed(text: String) throws {
        let parsed = TraceContext(parsing: text.utf8Span.span)
        #expect(parsed == nil)
        #expect(child(of: text) == child(of: nil))
    }

    @Test("Fresh contexts are unique and never zero")
    func fresh() {
        var generator = IdentifierGenerator()
        var seen: Set<String> = []
        for _ in 0..<10_000 {
            var buffer = ByteBuffer()
            let context = TraceContext(using: &generator)
            context.write(into: &buffer)
            seen.insert(String(decoding: buffer.array, as: UTF8.self))
            let parsed = TraceContext(parsing: buffer.bytes)
            #expect(parsed == context)
        }
        #expect(seen.count == 10_000)
    }

    @Test("Two generators differ")
    func generators() {
        var first = IdentifierGenerator()
        var second = IdentifierGenerator()
        #expect(first.next() != second.next())
    }
}
