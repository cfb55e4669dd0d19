import Bytes
import Formats
import Testing

@Suite("Base64, Base64URL, Hexadecimal")
struct Base64Tests {
    /// RFC 4648, section 10.
    static let vectors: [(plain: String, coded: String)] = [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ]

    @Test("the vectors of RFC 4648", arguments: vectors)
    func rfc4648(_ plain: String, _ coded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == coded)
        #expect(Base64.decode(coded) == Array(plain.utf8))
        let bare = coded.filter { $0 != "=" }
        #expect(Base64URL.encode(Array(plain.utf8)) == bare)
        #expect(Base64URL.decode(bare) == Array(plain.utf8))
    }

    @Test("the alphabets differ in two symbols")
    func alphabets() {
        #expect(Base64.encode([0xFB, 0xFF]) == "+/8=")
        #expect(Base64URL.encode([0xFB, 0xFF]) == "-_8")
        #expect(Base64.decode("-_8=") == nil)
        #expect(Base64URL.decode("+/8") == nil)
    }

    @Test(
        "C1 a second spelling of the same bytes is refused",
        arguments: [
            "Zg==", "Zg=", "Zh", "Zm9=", "Zm9", "Z", "Zm9vY", "Zm9v ", " Zm9v", "Zm\n9v", "Zm9v\r\n", "Zm9v=", "Zm9vé",
            "Zm.v",
            "Zm9v\u{0}",
        ])
    func notCanonical(_ text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test(
        "base64 needs its padding, and nothing else",
        arguments: ["Zg", "Zg=", "Zg===", "Zh==", "=", "====", "Zm9v====", "Zg==Zg==", "Z===", "Zm9v\n", "Zm8=="])
    func padding(_ text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test("every byte value and length survives")
    func roundTrip() {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37 + count) }
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
            #expect(Hexadecimal.decode(Hexadecimal.encode(bytes)) == bytes)
        }
    }

    @Test("hexadecimal")
    func hexadecimal() {
        #expect(Hexadecimal.encode([0, 0x0F, 0xA5, 0xFF]) == "000fa5ff")
        #expect(Hexadecimal.decode("000FA5ff") == [0, 0x0F, 0xA5, 0xFF])
        for bad in ["0", "0g", "0x", " 00", "00 "] { #expect(Hexadecimal.decode(bad) == nil) }
    }
}
