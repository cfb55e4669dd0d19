import Bytes
import Cryptography
import TestSupport
import Testing

@testable import Sessions

struct SessionIDTests {
    @Test("E9 a million ids: no two alike, every bit as likely as the other")
    func random() throws {
        let count = Rounds.of(1_000_000)
        var digests = Set<SHA256Digest>(minimumCapacity: count)
        // How often each character stands at any of the first 42 places, in every sixteenth: 64 of them, each as likely.
        var seen = [Int](repeating: 0, count: 128)
        for number in 0..<count {
            let id = try SessionID.make()
            digests.insert(id.digest)
            if number % 16 != 0 { continue }
            for character in id.cookieValue.exposed.dropLast() { seen[Int(character)] += 1 }
        }
        #expect(digests.count == count)
        let used = seen.filter { $0 > 0 }
        #expect(used.count == 64)
        let expected = Double(count / 16 * 42) / 64
        let chiSquare = used.reduce(0.0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
        // 63 degrees of freedom: above 135 only once in a million runs.
        #expect(chiSquare < 135)
    }

    @Test("a cookie's value is 43 characters of base64url that encode 256 bits, or nobody's")
    func wellFormed() throws {
        let value = try SessionID.make().cookieValue.exposed
        let found = SessionID(cookieValue: value.span)
        let id = try #require(found)
        #expect(id.digest == SHA256Digest(hashing: value))
        let digest = SessionID.digest(ofCookieValue: value.span)
        #expect(digest == id.digest)
        let refused: [[UInt8]] = [
            [], Array(value.dropLast()), value + [UInt8(ascii: "A")], Array(value.dropLast()) + [UInt8(ascii: "=")],
            Array(value.dropLast()) + [UInt8(ascii: "B")], Array(value.dropLast()) + [UInt8(ascii: "_")],
            [UInt8(ascii: "+")] + value.dropFirst(), [UInt8(ascii: " ")] + value.dropFirst(),
            [0x80] + value.dropFirst(), [0] + value.dropFirst(),
        ]
        for bytes in refused {
            let (id, digest) = (SessionID(cookieValue: bytes.span), SessionID.digest(ofCookieValue: bytes.span))
            #expect(id == nil && digest == nil)
        }
    }

    @Test("of the 64 last characters 16 are possible")
    func lastCharacter() {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        let prefix = [UInt8](repeating: UInt8(ascii: "x"), count: 42)
        for (value, character) in alphabet.enumerated() {
            let id = SessionID(cookieValue: (prefix + [character]).span)
            #expect((id != nil) == (value % 4 == 0))
        }
    }

    @Test("A54 a cookie's value is never printed")
    func redacted() throws {
        let id = try SessionID.make()
        let text = try #require(id.cookieValue.exposedText)
        #expect(!"\(id)".contains(text) && !String(reflecting: id).contains(text))
        var dumped = ""
        dump(id, to: &dumped)
        #expect(!dumped.contains(text))
    }
}
