import Bytes
import Cryptography
import Formats
import TestSupport
import Testing

@testable import OpenIDConnect

@Suite("SealedCookies") struct SealedCookiesTests {
    private let one = Secret([UInt8](repeating: 1, count: 32))
    private let two = Secret([UInt8](repeating: 2, count: 32))

    private func jar(_ keys: [Secret], site: String = "https://a") -> SealedCookies {
        SealedCookies(keys: keys, site: site, isSecure: true)
    }

    @Test("A12 the first key seals, all keys open; two instances with the same keys understand each other")
    func keyList() throws {
        let old = try jar([one]).seal([1, 2, 3], for: .loginAttempt, context: [9], seconds: 5)
        #expect(jar([two, one]).open(old, for: .loginAttempt, context: [9]) == [1, 2, 3])
        let new = try jar([two, one]).seal([1, 2, 3], for: .loginAttempt, context: [9], seconds: 5)
        #expect(jar([one]).open(new, for: .loginAttempt, context: [9]) == nil)
        #expect(jar([two]).open(new, for: .loginAttempt, context: [9]) == [1, 2, 3])
        #expect(throws: OpenIDConnectError.settings) { try jar([]).seal([], for: .logout, context: [], seconds: 0) }
    }

    @Test("A12 site, state and purpose are part of the seal")
    func binding() throws {
        let value = try jar([one]).seal([1], for: .loginAttempt, context: [9], seconds: 5)
        #expect(jar([one], site: "https://b").open(value, for: .loginAttempt, context: [9]) == nil)
        #expect(jar([one]).open(value, for: .loginAttempt, context: [8]) == nil)
        #expect(jar([one]).open(value, for: .logout, context: [9]) == nil)
    }

    @Test("A12 no bit may change, and every value is sealed anew")
    func tampering() throws {
        let value = try jar([one]).seal([1, 2, 3, 4], for: .loginAttempt, context: [], seconds: 5)
        #expect(try jar([one]).seal([1, 2, 3, 4], for: .loginAttempt, context: [], seconds: 5) != value)
        let bytes = try #require(Base64URL.decode(value))
        for index in 8..<bytes.count {
            var changed = bytes
            changed[index] ^= 0x5A
            #expect(jar([one]).open(Base64URL.encode(changed), for: .loginAttempt, context: []) == nil)
        }
        for bad in ["", "A", "not base64!", value + "A", String(repeating: "A", count: 5000)] {
            #expect(jar([one]).open(bad, for: .loginAttempt, context: []) == nil)
            #expect(bad == value + "A" || SealedCookies.seconds(of: bad) == nil || bad.utf8.count == 5000)
        }
    }

    @Test("A12 the layout is the one that is documented: HKDF with the salt, label and AES-256-GCM")
    func layout() throws {
        let value = try jar([one]).seal(
            Array("hello".utf8), for: .loginAttempt, context: [7, 7], seconds: 0x0102030405)
        let bytes = try #require(Base64URL.decode(value))
        #expect(Array(bytes[..<8]) == [0, 0, 0, 1, 2, 3, 4, 5])
        let key = try KeyDerivation.sha256(
            secret: one.exposed, salt: Array(bytes[8..<24]), info: Array("login attempt".utf8), count: 32)
        let data = LengthPrefixed(Array("https://a".utf8), [7, 7]).bytes
        #expect(try SealedBox.open(Array(bytes[24...]), key: key, associatedData: data) == Array("hello".utf8))
    }
}
