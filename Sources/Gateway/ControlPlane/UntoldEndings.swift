import Cryptography
import Sessions
import Threads
import Time

/// Sessions that ended here while the store could not be told (E44, E49).
///
/// For their cookies they are over at once. Their endings are written as soon as the store listens; and whoever could not be
/// told "signed out" may ask again, for a while after that, too.
final class UntoldEndings: Sendable {
    private struct Ending {
        let session: LiveSession
        let reason: SessionEnd
        /// When the store was told; nil until then.
        var toldAt: Instant?
    }

    private let endings = Locked<[SHA256Digest: Ending]>([:])

    /// How long a sign-out may be asked for again after the store was told of it.
    static let memory = Duration.minutes(10)

    func note(_ session: LiveSession, _ reason: SessionEnd) {
        endings.withLock { $0[session.digest] = Ending(session: session, reason: reason, toldAt: nil) }
    }

    /// Why a session is over that the store may still have.
    func reason(_ digest: SHA256Digest) -> SessionEnd? { endings.withLock { $0[digest]?.reason } }

    /// The session whose sign-out has not been confirmed to anybody.
    func session(_ digest: SHA256Digest) -> LiveSession? { endings.withLock { $0[digest]?.session } }

    /// What the store has still to be told.
    var digests: [SHA256Digest] { endings.withLock { $0.filter { $0.value.toldAt == nil }.map(\.key) } }

    /// The store has been told.
    func told(_ digests: [SHA256Digest], at now: Instant) {
        endings.withLock { endings in for digest in digests { endings[digest]?.toldAt = now } }
    }

    /// The user has been told, too.
    func forget(_ digest: SHA256Digest) { _ = endings.withLock { $0.removeValue(forKey: digest) } }

    /// Forgets those whose users have not come back.
    func sweep(at now: Instant) {
        endings.withLock { endings in
            if endings.isEmpty { return }
            endings = endings.filter { $0.value.toldAt.map { now.since($0) < Self.memory } ?? true }
        }
    }
}
