package import Cryptography
package import Sockets

/// Everything that reaches a worker from another thread.
package enum WorkerMessage: Sendable {
    /// An answer from the desk for a parked journey; if its client has left, the key finds nobody.
    case news(SlotKey, JourneyNews)
    /// These sessions are over, for this reason: what is under way for them ends (E47).
    case sessionsEnded(Set<SHA256Digest>, SessionEnd)
    /// Some sessions are over, and nobody knows which: the store is asked about every one that something is under way for.
    case sessionsUncertain
    /// Make everything ready that living by this snapshot needs, and say whether that went well.
    case prepare(Snapshot, WorkerAgreement)
    /// Live by what was prepared, with these listeners and no others.
    case adopt([OpenListener])
    /// Forget what was prepared.
    case discard
    /// Finish what is under way, take nothing new; another process does, where there is one.
    case drain(handingOver: Bool)
    /// End at once.
    case stop
}

/// What a parked journey was waiting for.
package enum JourneyNews: Sendable {
    case session(SessionResolution)
    case tokens(RefreshResult)
    case answer(OwnAnswer)
    case failure(GatewayFailure)
}

/// What a look-up of a cookie's session came to.
package enum SessionResolution: Sendable {
    case found(LiveSession)
    /// No such session.
    case absent
    /// There was one; why it is over.
    case ended(SessionEnd)
    /// It is over, but the store does not know that yet, or the user not: the cookie stays, so that a sign-out can be asked
    /// for again.
    case ending(SessionEnd)
    /// The store could not answer, which is never "no session" (E49).
    case unavailable
}

/// What a refresh came to, for everybody who waited for it.
package enum RefreshResult: Sendable {
    /// The session's record is fresh.
    case fresh
    case ended(SessionEnd)
    /// Try again later; the session lives (B36).
    case unavailable(retryAfter: Duration)
}
