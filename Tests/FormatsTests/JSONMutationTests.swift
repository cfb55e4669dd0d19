import Formats
import Foundation
import Testing

/// Random damage to JSON, judged beside Foundation's reader.
@Suite("Mutated JSON")
struct JSONMutationTests {
    private let seeds = [
        #"{"iss":"https://a.example/","aud":["x","y"],"exp":1800000000,"n":-1.5e3,"b":[true,false,null],"s":"\u00e9\\\"\n"}"#,
        #"[[],{},[{"a":{"b":[1,2,{"c":"d"}]}}],"\ud83d\ude00",0,-0,1e5,9223372036854775807]"#,
    ]

    private func same(_ ours: JSONValue, _ theirs: Any) -> Bool {
        switch ours {
        case .null: theirs is NSNull
        case .bool(let value): (theirs as? Bool) == value
        case .integer(let value): (theirs as? NSNumber)?.int64Value == value
        // Foundation does not round every fraction to the nearest double.
        case .number(let value):
            (theirs as? NSNumber).map { abs($0.doubleValue - value) <= abs(value) * 1e-15 } ?? false
        case .string(let value): (theirs as? String) == value
        case .array(let values):
            (theirs as? [Any]).map { $0.count == values.count && zip(values, $0).allSatisfy(same) } ?? false
        case .object(let object):
            (theirs as? [String: Any]).map { theirs in
                theirs.count == object.count
                    && object.members.allSatisfy { member in theirs[member.name].map { same(member.value, $0) } ?? false
                    }
            } ?? false
        }
    }

    @Test("what we accept, another reader accepts and reads alike; what we write, we read")
    func differential() throws {
        let spice = Array("{}[]\",:\\u0019eE+-.tfn \n".utf8) + [0x00, 0xC3, 0xFF]
        var random = SystemRandomNumberGenerator()
        var accepted = 0
        for round in 0..<20_000 {
            var bytes = Array(seeds[round % seeds.count].utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[index] = spice.randomElement(using: &random) ?? 0
                case 1: bytes.remove(at: index)
                default: bytes.insert(spice.randomElement(using: &random) ?? 0, at: index)
                }
            }
            guard let value = try? JSONValue(parsing: bytes) else { continue }
            accepted += 1
            guard let theirs = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed) else {
                Issue.record("refused elsewhere: \(String(decoding: bytes, as: UTF8.self).debugDescription)")
                continue
            }
            if !same(value, theirs) {
                Issue.record("read otherwise: \(String(decoding: bytes, as: UTF8.self).debugDescription)")
            }
            #expect(try JSONValue(parsing: value.encoded) == value)
        }
        #expect(accepted > 1000)
    }
}
