private import COpenSSL

/// A SHA-256 digest held in place: made, compared and looked up without allocating.
package struct SHA256Digest: Sendable, Hashable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    /// Its first bytes, which are as good as chance and the same in every process.
    package var leadingWord: UInt64 { words.0 }

    package init(hashing message: Span<UInt8>) {
        var context = SHA256_CTX()
        let started = unsafe SHA256_Init(&context)
        let fed = unsafe message.withUnsafeBufferPointer { buffer in
            unsafe SHA256_Update(&context, buffer.baseAddress, buffer.count)
        }
        let ended = unsafe withUnsafeMutableBytes(of: &words) { target in
            unsafe SHA256_Final(target.baseAddress?.assumingMemoryBound(to: UInt8.self), &context)
        }
        // These calls compute in place and have no way to fail; a digest of zeros must never come of it all the same.
        precondition(started == 1 && fed == 1 && ended == 1, "no digest")
    }

    package init(hashing message: [UInt8]) { self.init(hashing: message.span) }

    /// From the 32 bytes of a digest made earlier; nil for any other count.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        unsafe withUnsafeMutableBytes(of: &words) { unsafe $0.copyBytes(from: bytes) }
    }

    package var bytes: [UInt8] { unsafe withUnsafeBytes(of: words) { unsafe [UInt8]($0) } }

    /// Takes the same time wherever two digests differ.
    package static func == (a: SHA256Digest, b: SHA256Digest) -> Bool {
        (a.words.0 ^ b.words.0) | (a.words.1 ^ b.words.1) | (a.words.2 ^ b.words.2) | (a.words.3 ^ b.words.3) == 0
    }

    /// A number for a table of one's own, from every word and a secret of that table: who chooses digests must not be able
    /// to fill one bucket with them.
    package func mixed(with secret: (UInt64, UInt64)) -> Int {
        let first = (words.0 ^ secret.0).multipliedFullWidth(by: words.1 ^ secret.1)
        let second = (words.2 ^ secret.1).multipliedFullWidth(by: words.3 ^ secret.0)
        let sum = (first.high ^ first.low) &+ (second.high ^ second.low)
        return Int(truncatingIfNeeded: sum)
    }

    /// Feeds every word: whoever chooses cookies can find digests that agree in one, and must not be able to fill one
    /// bucket of a table with them.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}
