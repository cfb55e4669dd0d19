import Cryptography
import Formats
import Testing

/// Generated once: RSA keys take long to find.
enum TestKeys {
    static let rsa = make(.rsa(bits: 2048))
    static let otherRSA = make(.rsa(bits: 2048))

    static func make(_ kind: PrivateKey.Kind) -> PrivateKey {
        do { return try PrivateKey.generate(kind) } catch { fatalError("no test key: \(error)") }
    }
}

@Suite("Signatures and keys")
struct SignatureTests {
    private let message = Array("the message".utf8)

    static let schemes: [(PrivateKey.Kind, SignatureScheme)] =
        [.sha256, .sha384, .sha512].flatMap { [(.rsa(bits: 2048), .rsaPKCS1($0)), (.rsa(bits: 2048), .rsaPSS($0))] }
        + EllipticCurve.allCases.map { (.ec($0), .ecdsa($0)) } + [(.ed25519, .ed25519)]

    private func key(_ kind: PrivateKey.Kind) throws -> PrivateKey {
        if case .rsa = kind { return TestKeys.rsa }
        return try PrivateKey.generate(kind)
    }

    private func bytes(_ hexadecimal: String) throws -> [UInt8] { try #require(Hexadecimal.decode(hexadecimal)) }

    @Test("what is signed verifies, and nothing else does", arguments: schemes)
    func roundTrip(_ kind: PrivateKey.Kind, _ scheme: SignatureScheme) throws {
        let key = try key(kind)
        let signature = try key.sign(message, scheme)
        #expect(key.publicKey.verify(signature, of: message, scheme))
        #expect(!key.publicKey.verify(signature, of: message + [0], scheme))
        #expect(!key.publicKey.verify(signature, of: [], scheme))
        #expect(!key.publicKey.verify([], of: message, scheme))
        #expect(!key.publicKey.verify(signature + [0], of: message, scheme))
        #expect(!key.publicKey.verify([0] + signature, of: message, scheme))
        #expect(!key.publicKey.verify(Array(signature.dropLast()), of: message, scheme))
        #expect(!key.publicKey.verify([UInt8](repeating: 0, count: signature.count), of: message, scheme))
        for index in stride(from: 0, to: signature.count, by: 7) {
            var changed = signature
            changed[index] ^= 0x5A
            #expect(!key.publicKey.verify(changed, of: message, scheme))
        }
        let stranger = kind == .rsa(bits: 2048) ? TestKeys.otherRSA : try PrivateKey.generate(kind)
        #expect(!stranger.publicKey.verify(signature, of: message, scheme))
    }

    @Test("C4 one key, one family: every other scheme is refused", arguments: schemes)
    func families(_ kind: PrivateKey.Kind, _ scheme: SignatureScheme) throws {
        let key = try key(kind)
        let signature = try key.sign(message, scheme)
        for (_, other) in Self.schemes where other != scheme {
            #expect(!key.publicKey.verify(signature, of: message, other))
            if !other.fits(key.publicKey.parts) {
                #expect(throws: CryptographyError.wrongKey) { try key.sign(message, other) }
            }
        }
    }

    @Test("C12 ECDSA signatures are R ‖ S of exact length", arguments: EllipticCurve.allCases)
    func rawLength(_ curve: EllipticCurve) throws {
        let key = try PrivateKey.generate(.ec(curve))
        // Many signatures, so that some R or S begins with zeros.
        for _ in 0..<300 {
            let signature = try key.sign(message, .ecdsa(curve))
            try #require(signature.count == [.p256: 64, .p384: 96, .p521: 132][curve])
            try #require(key.publicKey.verify(signature, of: message, .ecdsa(curve)))
        }
    }

    @Test("C12 R and S of zero or beyond the order are refused")
    func outOfRange() throws {
        let order = try bytes("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
        let zero = [UInt8](repeating: 0, count: 32)
        let one = [UInt8](repeating: 0, count: 31) + [1]
        let top = [UInt8](repeating: 255, count: 32)
        let key = try PrivateKey.generate(.ec(.p256))
        let good = try key.sign(message, .ecdsa(.p256))
        for r in [zero, one, order, top, Array(good.prefix(32))] {
            for s in [zero, one, order, top] {
                #expect(!key.publicKey.verify(r + s, of: message, .ecdsa(.p256)))
            }
        }
    }

    @Test("RFC 8032 section 7.1 known answers of Ed25519")
    func rfc8032() throws {
        let cases = [
            (
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
            ),
            (
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
            ),
        ]
        for (publicKey, message, signature) in cases {
            let key = try PublicKey(.ed25519(try bytes(publicKey)))
            #expect(key.verify(try bytes(signature), of: try bytes(message), .ed25519))
        }
    }

    @Test("C12 Ed25519: S beyond the group order is refused (malleability, RFC 8032 section 5.1.7)")
    func malleability() throws {
        let key = try PrivateKey.generate(.ed25519)
        var signature = try key.sign(message, .ed25519)
        let order: [UInt8] =
            [
                0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14,
            ] + [UInt8](repeating: 0, count: 15) + [0x10]
        var carry = 0
        for index in 0..<32 {
            let sum = Int(signature[32 + index]) + Int(order[index]) + carry
            signature[32 + index] = UInt8(sum & 255)
            carry = sum >> 8
        }
        #expect(!key.publicKey.verify(signature, of: message, .ed25519))
    }

    @Test("C12 RSA below 2048 bits is refused, as is what no RSA key can be")
    func weakRSA() throws {
        let exponent: [UInt8] = [1, 0, 1]
        func modulus(_ bits: Int) -> [UInt8] {
            var bytes = [UInt8](repeating: 0xAB, count: (bits + 7) / 8)
            bytes[0] = bits % 8 == 0 ? 0x80 : 1 << (bits % 8 - 1)
            return bytes
        }
        for bits in [512, 1024, 1536, 2047, 8193, 16384] {
            #expect(throws: CryptographyError.keySize) {
                try PublicKey(.rsa(modulus: modulus(bits), exponent: exponent))
            }
        }
        for bits in [2048, 2049, 3072, 8192] {
            #expect(throws: Never.self) { try PublicKey(.rsa(modulus: modulus(bits), exponent: exponent)) }
        }
        // Leading zeros do not make a short modulus long.
        #expect(throws: CryptographyError.keySize) {
            try PublicKey(.rsa(modulus: [UInt8](repeating: 0, count: 128) + modulus(1024), exponent: exponent))
        }
        for bad in [[], [0], [1], [2], [1, 0], [UInt8](repeating: 255, count: 9)] as [[UInt8]] {
            #expect(throws: CryptographyError.invalidKey) { try PublicKey(.rsa(modulus: modulus(2048), exponent: bad)) }
        }
        var even = modulus(2048)
        even[255] = 0xAA
        #expect(throws: CryptographyError.invalidKey) { try PublicKey(.rsa(modulus: even, exponent: exponent)) }
        #expect(throws: CryptographyError.invalidKey) { try PublicKey(.rsa(modulus: [], exponent: exponent)) }
        #expect(throws: CryptographyError.keySize) { try PrivateKey.generate(.rsa(bits: 1024)) }
    }

    @Test("a sign byte before the modulus is forgiven, and the key is the same")
    func signByte() throws {
        guard case .rsa(let modulus, let exponent) = TestKeys.rsa.publicKey.parts else {
            Issue.record("no RSA key")
            return
        }
        #expect(try PublicKey(.rsa(modulus: [0] + modulus, exponent: [0] + exponent)) == TestKeys.rsa.publicKey)
    }

    @Test("C12 points off the curve and coordinates of the wrong length are refused", arguments: EllipticCurve.allCases)
    func badPoints(_ curve: EllipticCurve) throws {
        let key = try PrivateKey.generate(.ec(curve))
        guard case .ec(_, let x, let y) = key.publicKey.parts else {
            Issue.record("no EC key")
            return
        }
        #expect(try PublicKey(.ec(curve, x: x, y: y)) == key.publicKey)
        var off = y
        off[off.count - 1] ^= 1
        let zero = [UInt8](repeating: 0, count: x.count)
        for (x, y) in [(x, off), (y, x), (zero, zero), (x + [0], y), (Array(x.dropFirst()), y), ([], [])] {
            #expect(throws: CryptographyError.invalidKey) { try PublicKey(.ec(curve, x: x, y: y)) }
        }
        for other in EllipticCurve.allCases where other != curve {
            #expect(throws: CryptographyError.invalidKey) { try PublicKey(.ec(other, x: x, y: y)) }
        }
        for count in [0, 31, 33] {
            #expect(throws: CryptographyError.invalidKey) {
                try PublicKey(.ed25519([UInt8](repeating: 1, count: count)))
            }
        }
    }

    @Test(
        "keys travel through PEM",
        arguments: [.rsa(bits: 2048), .ec(.p256), .ec(.p384), .ec(.p521), .ed25519] as [PrivateKey.Kind])
    func pem(_ kind: PrivateKey.Kind) throws {
        let key = try key(kind)
        let text = try key.pem()
        #expect(String(decoding: text, as: UTF8.self).hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
        #expect(try PrivateKey(pem: text).publicKey == key.publicKey)
        let shown = try key.publicKey.pem()
        #expect(shown.hasPrefix("-----BEGIN PUBLIC KEY-----\n"))
        #expect(try PublicKey(pem: Array(shown.utf8)) == key.publicKey)
    }

    @Test("what is no private key is refused, and nothing asks for a passphrase")
    func badPEM() throws {
        let encrypted = """
            -----BEGIN ENCRYPTED PRIVATE KEY-----
            MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAg8vPRmnSyfSwICCAAw
            DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEM5xJmW9iVcEyb0U6QXrwXIEgZBm
            -----END ENCRYPTED PRIVATE KEY-----
            """
        let publicOnly = try TestKeys.rsa.publicKey.pem()
        for text in [
            "", "garbage", encrypted, publicOnly, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        ] {
            #expect(throws: CryptographyError.invalidKey) { try PrivateKey(pem: Array(text.utf8)) }
        }
    }

    @Test("one key serves many threads at once")
    func shared() async throws {
        let ec = try PrivateKey.generate(.ec(.p256))
        let message = message
        let failures = try await withThrowingTaskGroup(of: Int.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    var failures = 0
                    for round in 0..<40 {
                        let text = message + [UInt8(worker), UInt8(round)]
                        for (key, scheme) in [(ec, SignatureScheme.ecdsa(.p256)), (TestKeys.rsa, .rsaPSS(.sha256))] {
                            let signature = try key.sign(text, scheme)
                            if !key.publicKey.verify(signature, of: text, scheme) { failures += 1 }
                            if key.publicKey.verify(signature, of: message, scheme) { failures += 1 }
                        }
                    }
                    return failures
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(failures == 0)
    }

    @Test("a private key is never printed")
    func description() {
        #expect("\(TestKeys.rsa)" == "<private key>")
        #expect(String(reflecting: TestKeys.rsa) == "<private key>")
        var dumped = ""
        dump(TestKeys.rsa, to: &dumped)
        #expect(!dumped.contains("modulus"))
    }
}
