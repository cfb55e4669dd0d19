import Cryptography
import JOSE
import Threads
import Time

/// The keys of a provider: one that signs, and those that signed before and are still published (H19).
final class SigningKeys: Sendable {
    let algorithm: SignatureAlgorithm
    private let retiredFor: Duration
    private let ring: Locked<Ring>

    private struct Ring: Sendable {
        var current: SigningKey
        var retired: [(key: SigningKey, until: Timestamp)] = []
    }

    init(algorithm: SignatureAlgorithm, fixed: PrivateKey?, retiredFor: Duration) throws(CryptographyError) {
        self.algorithm = algorithm
        self.retiredFor = retiredFor
        ring = Locked(Ring(current: try SigningKey(algorithm: algorithm, key: fixed)))
    }

    var current: SigningKey { ring.withLock { $0.current } }

    func rotate(keepsOld: Bool, now: Timestamp) throws(CryptographyError) {
        let fresh = try SigningKey(algorithm: algorithm, key: nil)
        let until = now + retiredFor
        ring.withLock { ring in
            ring.retired.removeAll { $0.until <= now }
            if keepsOld { ring.retired.append((ring.current, until)) }
            ring.current = fresh
        }
    }

    /// What is published now (RFC 7517, section 5): the key that signs, and those that lately did.
    func published(at now: Timestamp) -> JSONWebKeySet {
        ring.withLock { ring in
            JSONWebKeySet([ring.current.published] + ring.retired.filter { now < $0.until }.map(\.key.published))
        }
    }
}
