import Bytes
import Testing

@Suite("Span searches and ByteClass")
struct SpanSearchTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test("a byte is found from any start")
    func firstIndex() {
        let text = bytes("a,b,,c")
        #expect(text.firstPlace(of: UInt8(ascii: ",")) == 1)
        #expect(text.firstPlace(of: UInt8(ascii: ","), from: 2) == 3)
        #expect(text.firstPlace(of: UInt8(ascii: ","), from: 5) == nil)
        #expect(text.firstPlace(of: UInt8(ascii: ","), from: 700) == nil)
        #expect(text.firstPlace(of: UInt8(ascii: ","), from: -1) == nil)
        #expect([UInt8]().firstPlace(of: 0) == nil)
        #expect(text.slice(2..<3).firstPlace(of: UInt8(ascii: ",")) == nil)
    }

    @Test("a byte is found in a range wherever it stands, and not before or behind the range")
    func firstIndexInRange() {
        var wrong = 0
        // Every neighbour of the byte in value, at every position of whole and broken lanes.
        for count in 0...40 {
            for place in 0..<max(1, count) {
                for near in [0x3C, 0x3A, 0xBB, 0x00, 0xFF] as [UInt8] {
                    var hay = [UInt8](repeating: near, count: count)
                    if place < count { hay[place] = 0x3B }
                    for start in stride(from: 0, through: count, by: 3) {
                        for end in stride(from: start, through: count, by: 5) {
                            let wanted = (start..<end).contains(place) ? place : nil
                            if hay.firstPlace(of: 0x3B, in: start..<end) != wanted { wrong += 1 }
                        }
                        let wanted = (start..<count).contains(place) ? place : nil
                        if hay.firstPlace(of: 0x3B, from: start) != wanted { wrong += 1 }
                    }
                }
            }
        }
        #expect(wrong == 0)
    }

    @Test("every byte that has to be quoted is found at every position")
    func firstToQuote() {
        var wrong = 0
        for byte in UInt8.min ... .max {
            let isPlain = byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
            // Lengths for lanes, for words and for bytes alone.
            for length in [5, 8, 13, 20, 28] {
                for place in 0..<length {
                    var hay = [UInt8](repeating: UInt8(ascii: "a"), count: length)
                    hay[place] = byte
                    if hay.firstToQuote() != (isPlain ? nil : place) { wrong += 1 }
                    if hay.firstToQuote(from: place + 1) != nil { wrong += 1 }
                }
            }
        }
        #expect(wrong == 0)
    }

    @Test("one byte that is not base64url is one too many, wherever it stands")
    func base64URL() {
        var wrong = 0
        for count in [0, 1, 15, 16, 17, 31, 32, 43] {
            for byte in UInt8.min ... .max {
                for place in 0..<count {
                    var text = [UInt8](repeating: UInt8(ascii: "_"), count: count)
                    text[place] = byte
                    if text.isBase64URL != ByteClass.base64URL.contains(byte) { wrong += 1 }
                }
            }
        }
        #expect(wrong == 0 && [].isBase64URL)
    }

    @Test("a needle is found where a plain search finds it")
    func firstRange() {
        let hay = bytes("aabaabaaab")
        for needle in ["a", "b", "ab", "aab", "aaab", "aaaab", "aabaabaaab", "aabaabaaabx", "c", ""].map(bytes) {
            for from in 0...(hay.count + 1) {
                var wanted: Range<Int>?
                if !needle.isEmpty {
                    for start in stride(from: from, through: hay.count - needle.count, by: 1)
                    where wanted == nil && Array(hay[start..<(start + needle.count)]) == needle {
                        wanted = start..<(start + needle.count)
                    }
                }
                #expect(hay.firstPlace(of: needle, from: from) == wanted)
            }
        }
        #expect(hay.firstPlace(of: bytes("a"), from: -1) == nil)
    }

    @Test("comparisons fold ASCII letters and nothing else")
    func comparisons() {
        #expect(bytes("Host").folds(to: "host"))
        #expect(!bytes("Host").matches("host"))
        #expect(bytes("host").matches("host"))
        #expect(!bytes("hos").matches("host") && !bytes("hostx").matches("host"))
        #expect(bytes("A-Z").folds(to: bytes("a-z")))
        #expect(!bytes("[").folds(to: bytes("{")))
        #expect(!bytes("@").folds(to: bytes("`")))
        #expect(!bytes("É").folds(to: bytes("é")))
        #expect(bytes("Bearer x").begins(with: "Bearer "))
        #expect(!bytes("Bear").begins(with: "Bearer "))
        #expect(bytes("abc").begins(with: bytes("ab")))
        #expect(bytes("abc").begins(with: bytes("")))
        #expect(!bytes("ab").begins(with: bytes("abc")))
    }

    @Test("each class holds exactly its characters")
    func classes() {
        let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        let digits = "0123456789"
        let visible = (0x21...0x7E).map { String(UnicodeScalar(UInt8($0))) }.joined()
        let table: [(ByteClass, String)] = [
            (.letter, letters), (.digit, digits), (.uppercase, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
            (.hexadecimal, digits + "abcdefABCDEF"), (.token, letters + digits + "!#$%&'*+-.^_`|~"),
            (.unreserved, letters + digits + "-._~"), (.base64URL, letters + digits + "-_"),
            (.target, letters + digits + "-._~%!$&'()*+,;=:@/?"), (.visible, visible),
            (.cookieOctet, visible.filter { !"\",;\\".contains($0) }),
        ]
        for (type, members) in table {
            let wanted = Set(members.utf8)
            for byte in UInt8.min...UInt8.max { #expect(type.contains(byte) == wanted.contains(byte)) }
        }
        for byte in UInt8.min...UInt8.max {
            #expect(ByteClass.fieldValue.contains(byte) == (byte == 9 || byte >= 32 && byte != 127))
        }
        let either: ByteClass = [.digit, .uppercase]
        #expect(either.contains(UInt8(ascii: "A")) && either.contains(UInt8(ascii: "7")))
        #expect(!either.contains(UInt8(ascii: "a")))
    }

    @Test("the first byte outside a class")
    func firstOutside() {
        #expect(ByteClass.token.firstOutside(bytes("abc def")) == 3)
        #expect(ByteClass.token.firstOutside(bytes("abc def"), from: 4) == nil)
        #expect(ByteClass.token.firstOutside(bytes("")) == nil)
        #expect(ByteClass.digit.firstOutside([0xFF]) == 0)
    }

    @Test("letters and hexadecimal digits convert")
    func conversions() {
        for byte in UInt8.min...UInt8.max {
            let isUpper = (65...90).contains(byte)
            #expect(ByteClass.lowercase(byte) == (isUpper ? byte + 32 : byte))
            let digit = byte < 128 ? Character(UnicodeScalar(byte)).hexDigitValue : nil
            #expect(ByteClass.hexadecimalValue(byte).map(Int.init) == digit)
        }
    }

    @Test("only UTF-8 becomes text")
    func strictUTF8() {
        #expect(strictText(bytes("é😀")) == "é😀")
        #expect(strictText([UInt8]()) == "")
        for bad in [[0xC0, 0xAF], [0xFF], [0xED, 0xA0, 0x80], [0xE2, 0x82]] as [[UInt8]] {
            #expect(strictText(bad) == nil)
        }
    }

    @Test("text that Unicode holds for equal is not the same bytes")
    func exactText() {
        #expect("K".isExactly("K") && "".isExactly(""))
        #expect("\u{212A}" == "K" && !"\u{212A}".isExactly("K"))
        #expect("\u{E9}" == "e\u{301}" && !"\u{E9}".isExactly("e\u{301}"))
        #expect(!"a".isExactly("ab") && !"A".isExactly("a"))
    }
}

// The macros of the testing library cannot hold spans.

private func strictText(_ bytes: [UInt8]) -> String? { String(strictUTF8: bytes.span) }

extension ByteClass {
    fileprivate func firstOutside(_ bytes: [UInt8], from: Int = 0) -> Int? { firstOutside(bytes.span, from: from) }
}

extension [UInt8] {
    fileprivate func slice(_ range: Range<Int>) -> [UInt8] { [UInt8](span.extracting(range)) }
    fileprivate func firstPlace(of byte: UInt8, from: Int = 0) -> Int? { span.firstIndex(of: byte, from: from) }
    fileprivate func firstPlace(of byte: UInt8, in range: Range<Int>) -> Int? { span.firstIndex(of: byte, in: range) }
    fileprivate var isBase64URL: Bool { span.isBase64URL }
    fileprivate func firstToQuote(from: Int = 0) -> Int? { span.firstToQuote(from: from) }
    fileprivate func firstPlace(of needle: [UInt8], from: Int = 0) -> Range<Int>? {
        span.firstRange(of: needle.span, from: from)
    }
    fileprivate func folds(to text: StaticString) -> Bool { span.equalsIgnoringCase(text) }
    fileprivate func folds(to other: [UInt8]) -> Bool { span.equalsIgnoringCase(other.span) }
    fileprivate func matches(_ text: StaticString) -> Bool { span.equals(text) }
    fileprivate func begins(with text: StaticString) -> Bool { span.hasPrefix(text) }
    fileprivate func begins(with other: [UInt8]) -> Bool { span.hasPrefix(other.span) }
}
