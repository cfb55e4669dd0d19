import Cryptography
import Formats
import Threads

/// Where codes, tokens and identifiers get their randomness.
package struct RandomSource: Sendable {
    private let make: @Sendable (Int) throws(CryptographyError) -> [UInt8]

    /// The operating system's.
    package static let system = RandomSource { (count: Int) throws(CryptographyError) in try RandomBytes.make(count) }

    /// The same values in the same order each time, for tests that compare whole answers (H28).
    ///
    /// ``DevProvider`` refuses it off loopback.
    package static func seeded(_ seed: String) -> RandomSource {
        let drawn = Locked(0)
        let key = Array(seed.utf8)
        return RandomSource(isSeeded: true) { (count: Int) throws(CryptographyError) in
            var bytes: [UInt8] = []
            while bytes.count < count {
                let number = drawn.withLock { value in
                    value += 1
                    return value
                }
                bytes += MessageAuthentication.sha256(key: key, Array(String(number).utf8))
            }
            return Array(bytes.prefix(count))
        }
    }

    let isSeeded: Bool

    private init(isSeeded: Bool = false, _ make: @escaping @Sendable (Int) throws(CryptographyError) -> [UInt8]) {
        self.make = make
        self.isSeeded = isSeeded
    }

    func bytes(_ count: Int) throws(CryptographyError) -> [UInt8] { try make(count) }

    /// 256 random bits as 43 characters that may stand anywhere: codes, tokens, cookies.
    func secretText() throws(CryptographyError) -> String { Base64URL.encode(try make(32)) }

    /// 128 random bits as 22 characters: identifiers that are no secret.
    func identifier() throws(CryptographyError) -> String { Base64URL.encode(try make(16)) }
}
