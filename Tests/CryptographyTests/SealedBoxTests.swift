import Cryptography
import Formats
import Testing

@Suite("SealedBox")
struct SealedBoxTests {
    private let key = [UInt8](repeating: 9, count: 32)

    private func bytes(_ hexadecimal: String) throws -> [UInt8] { try #require(Hexadecimal.decode(hexadecimal)) }

    @Test("known answers of the GCM specification, cases 13, 14 and 16")
    func knownAnswers() throws {
        let zero = String(repeating: "00", count: 32)
        let cases: [(key: String, nonce: String, data: String, plain: String, sealed: String)] = [
            (zero, String(repeating: "00", count: 12), "", "", "530f8afbc74536b9a963b4f1c4cb738b"),
            (
                zero, String(repeating: "00", count: 12), "", String(repeating: "00", count: 16),
                "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
            ),
            (
                "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
                "feedfacedeadbeeffeedfacedeadbeefabaddad2",
                "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
                "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"
            ),
        ]
        for (key, nonce, data, plain, sealed) in cases {
            let opened = try SealedBox.open(
                try bytes(nonce) + bytes(sealed), key: try bytes(key), associatedData: try bytes(data))
            #expect(opened == (try bytes(plain)))
        }
    }

    @Test("what is sealed opens again", arguments: [0, 1, 15, 16, 17, 4096, 100_000])
    func roundTrip(_ count: Int) throws {
        let plain = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        for data in [[], Array("context".utf8)] as [[UInt8]] {
            let box = try SealedBox.seal(plain, key: key, associatedData: data)
            #expect(box.count == count + SealedBox.overhead)
            #expect(try SealedBox.open(box, key: key, associatedData: data) == plain)
        }
    }

    @Test("a fresh nonce each time (CVE-2021-32791)")
    func nonces() throws {
        let boxes = try (0..<2000).map { _ in try SealedBox.seal([1, 2, 3], key: key, associatedData: []) }
        #expect(Set(boxes.map { Array($0.prefix(12)) }).count == 2000)
    }

    @Test("any changed bit, any cut, any other key or context is refused")
    func changed() throws {
        let data = Array("site\u{0}postern".utf8)
        let box = try SealedBox.seal(Array("secret".utf8), key: key, associatedData: data)
        for index in box.indices {
            for bit in 0..<8 {
                var changed = box
                changed[index] ^= 1 << bit
                #expect(throws: CryptographyError.notAuthentic) {
                    try SealedBox.open(changed, key: key, associatedData: data)
                }
            }
        }
        for count in 0..<box.count {
            #expect(throws: CryptographyError.notAuthentic) {
                try SealedBox.open(Array(box.prefix(count)), key: key, associatedData: data)
            }
        }
        #expect(throws: CryptographyError.notAuthentic) { try SealedBox.open(box, key: key, associatedData: []) }
        #expect(throws: CryptographyError.notAuthentic) {
            try SealedBox.open(box, key: [UInt8](repeating: 8, count: 32), associatedData: data)
        }
        #expect(throws: CryptographyError.notAuthentic) {
            try SealedBox.open(box + [0], key: key, associatedData: data)
        }
    }

    @Test("only 256-bit keys", arguments: [0, 16, 24, 31, 33, 64])
    func keyLength(_ count: Int) {
        let short = [UInt8](repeating: 1, count: count)
        #expect(throws: CryptographyError.invalidKey) { try SealedBox.seal([], key: short, associatedData: []) }
        #expect(throws: CryptographyError.invalidKey) {
            try SealedBox.open([UInt8](repeating: 0, count: 40), key: short, associatedData: [])
        }
    }
}
