import Bytes
import TestSupport
import Testing

@testable import HTTP

@Suite struct KnownFieldTests {
    private static let names = KnownField.allCases.filter { $0 != .other }

    private func text(_ name: StaticString) -> String { name.withUTF8Buffer { String(decoding: $0, as: UTF8.self) } }

    @Test("Every name is found in any letters", arguments: names)
    func found(_ field: KnownField) {
        let name = text(field.name)
        check(KnownField(name.utf8Span.span) == field)
        check(KnownField(name.uppercased().utf8Span.span) == field)
        check(KnownField(name.lowercased().utf8Span.span) == field)
        check(Fields.isValid(name: name.utf8Span.span))
    }

    @Test("No name that differs in one byte is found", arguments: names)
    func notFound(_ field: KnownField) {
        let name = Array(text(field.name).utf8)
        for position in name.indices {
            for byte in Rounds.some(of: Array(UInt8(0)...255))
            where Token.contains(byte) && (byte | 0x20) != (name[position] | 0x20) {
                var other = name
                other[position] = byte
                if KnownField(other.span) == field { Issue.record("\(Escapes.write(other)) is not \(field)") }
            }
        }
        check(KnownField(Array(name.dropLast()).span) != field)
        check(KnownField((name + [0x61]).span) != field)
        check(KnownField([UInt8]().span) == .other)
        check(KnownField([UInt8](repeating: 0x61, count: 5000).span) == .other)
    }

    @Test("A set holds what was put into it")
    func sets() {
        var set: KnownFieldSet = [.host, .secWebSocketExtensions]
        for field in KnownField.allCases {
            #expect(set.contains(field) == (field == .host || field == .secWebSocketExtensions))
        }
        #expect(set.intersects([.host, .cookie]))
        #expect(!set.intersects([.cookie, .tracestate]))
        #expect(set.subtracting([.host]) == [.secWebSocketExtensions])
        #expect(set.subtracting([.host]).union([.host]) == set)
        set.removeAll()
        #expect(set.isEmpty)
        #expect(KnownField.allCases.count <= 128)
    }
}
