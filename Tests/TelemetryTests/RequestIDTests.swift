import Bytes
import Testing

@testable import Telemetry

@Suite struct RequestIDTests {
    @Test("A generated id is acceptable and unique")
    func generated() {
        var generator = IdentifierGenerator()
        var seen: Set<[UInt8]> = []
        for _ in 0..<10_000 {
            var buffer = ByteBuffer()
            RequestID.generate(using: &generator, into: &buffer)
            #expect(buffer.count == RequestID.length)
            #expect(acceptable(String(decoding: buffer.array, as: UTF8.self)))
            seen.insert(buffer.array)
        }
        #expect(seen.count == 10_000)
    }

    private func acceptable(_ text: String) -> Bool { RequestID.isAcceptable(text.utf8Span.span) }

    @Test("Only short, plain ids are taken from others")
    func foreign() {
        for text in ["a", "A-b_c.9", String(repeating: "x", count: 64)] {
            #expect(acceptable(text), "\(text)")
        }
        for text in ["", " ", "a b", "a\nb", "a~b", "ä", "a/b", "a\"", String(repeating: "x", count: 65)] {
            #expect(!acceptable(text), "\(text)")
        }
    }
}
