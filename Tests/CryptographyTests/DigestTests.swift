import Cryptography
import Formats
import Testing

@Suite("Digests, MACs, key derivation")
struct DigestTests {
    private func bytes(_ hexadecimal: String) throws -> [UInt8] { try #require(Hexadecimal.decode(hexadecimal)) }

    @Test("FIPS 180-4 known answers")
    func hashes() {
        let abc = Array("abc".utf8)
        #expect(
            Hexadecimal.encode(HashAlgorithm.sha256.hash(abc))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            Hexadecimal.encode(HashAlgorithm.sha384.hash(abc))
                == "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7")
        #expect(
            Hexadecimal.encode(HashAlgorithm.sha512.hash(abc))
                == "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        )
        #expect(
            Hexadecimal.encode(HashAlgorithm.sha256.hash([]))
                == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test("the digest in place agrees with the one on the heap")
    func digestInPlace() {
        for count in [0, 1, 43, 55, 56, 64, 65, 1000] {
            let message = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            let digest = SHA256Digest(hashing: message.span)
            #expect(digest.bytes == HashAlgorithm.sha256.hash(message))
            #expect(SHA256Digest(bytes: digest.bytes) == digest)
        }
        #expect(SHA256Digest(bytes: [UInt8](repeating: 0, count: 31)) == nil)
        #expect(SHA256Digest(bytes: [UInt8](repeating: 0, count: 33)) == nil)
    }

    @Test("RFC 3174 and RFC 6455: SHA-1, where a protocol prescribes it")
    func sha1() {
        #expect(
            Hexadecimal.encode(SHA1Digest(hashing: Array("abc".utf8)).bytes)
                == "a9993e364706816aba3e25717850c26c9cd0d89d")
        #expect(
            Hexadecimal.encode(SHA1Digest(hashing: []).bytes) == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
    }

    @Test("digests that differ in one word differ, and hash differently")
    func digestWords() throws {
        let base = [UInt8](repeating: 7, count: 32)
        let one = try #require(SHA256Digest(bytes: base))
        for index in 0..<32 {
            var changed = base
            changed[index] ^= 1
            let other = try #require(SHA256Digest(bytes: changed))
            #expect(other != one)
            #expect(other.hashValue != one.hashValue)
        }
        #expect(Set([one, one]).count == 1)
    }

    @Test("RFC 4231 known answers of HMAC-SHA-256")
    func rfc4231() throws {
        let cases: [(key: String, data: String, tag: String)] = [
            (
                String(repeating: "0b", count: 20), "4869205468657265",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                String(repeating: "aa", count: 20), String(repeating: "dd", count: 50),
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
            ),
            (
                "0102030405060708090a0b0c0d0e0f10111213141516171819", String(repeating: "cd", count: 50),
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
            ),
            (
                String(repeating: "aa", count: 131),
                Hexadecimal.encode(Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
        ]
        for (key, data, tag) in cases {
            #expect(Hexadecimal.encode(MessageAuthentication.sha256(key: try bytes(key), try bytes(data))) == tag)
        }
        #expect(
            Hexadecimal.encode(MessageAuthentication.sha256(key: [], []))
                == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }

    @Test("RFC 5869 known answers of HKDF-SHA-256")
    func rfc5869() throws {
        let cases: [(secret: String, salt: String, info: String, derived: String)] = [
            (
                String(repeating: "0b", count: 22), "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
                "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
            ),
            (
                Hexadecimal.encode(Array(0x00...0x4F)), Hexadecimal.encode(Array(0x60...0xAF)),
                Hexadecimal.encode(Array(0xB0...0xFF)),
                "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"
            ),
            (
                String(repeating: "0b", count: 22), "", "",
                "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
            ),
        ]
        for (secret, salt, info, derived) in cases {
            let wanted = try bytes(derived)
            let made = try KeyDerivation.sha256(
                secret: try bytes(secret), salt: try bytes(salt), info: try bytes(info), count: wanted.count)
            #expect(made == wanted)
        }
        #expect(try KeyDerivation.sha256(secret: [1], salt: [], info: [], count: 0).isEmpty)
        #expect(try KeyDerivation.sha256(secret: [1], salt: [], info: [], count: 8160).count == 8160)
        #expect(throws: CryptographyError.length) {
            try KeyDerivation.sha256(secret: [1], salt: [], info: [], count: 8161)
        }
    }

    @Test("parts behind their lengths cannot trade bytes (CVE-2023-35941)")
    func lengthPrefixed() {
        let a = LengthPrefixed(Array("ab".utf8), Array("c".utf8)).bytes
        #expect(a == [0, 0, 0, 2, 0x61, 0x62, 0, 0, 0, 1, 0x63])
        #expect(a != LengthPrefixed(Array("a".utf8), Array("bc".utf8)).bytes)
        #expect(LengthPrefixed().bytes != LengthPrefixed([]).bytes)
        var built = LengthPrefixed()
        built.append("ab")
        built.append(Int64(-2))
        #expect(built.bytes == [0, 0, 0, 2, 0x61, 0x62, 0, 0, 0, 8] + [UInt8](repeating: 255, count: 7) + [254])
    }

    @Test("random bytes have the wanted count and do not repeat")
    func random() throws {
        #expect(try RandomBytes.make(0).isEmpty)
        #expect(try RandomBytes.make(33).count == 33)
        #expect(Set(try (0..<1000).map { _ in try RandomBytes.make(16) }).count == 1000)
        #expect(throws: CryptographyError.length) { try RandomBytes.make(-1) }
    }
}
