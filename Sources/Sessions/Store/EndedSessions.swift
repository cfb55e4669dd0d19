package import Cryptography

/// Which sessions are over, as told to whoever keeps copies in memory.
package enum EndedSessions: Sendable, Equatable {
    case these([SHA256Digest])
    /// More ended than could be followed: every copy must be checked again.
    case unknown
}

/// Told of every session that ends, by this process or another, after it is final and before the caller is answered.
///
/// Called on the store's thread: it must be quick and must not call the store.
package typealias SessionEndingObserver = @Sendable (EndedSessions) -> Void
