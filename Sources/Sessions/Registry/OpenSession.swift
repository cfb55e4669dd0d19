package import Cryptography

/// A session with the cookie that opened it: what memory keeps while the user is here.
package struct OpenSession: Sendable {
    package let id: SessionID
    package var session: Session
    package var listing: SessionListing
    /// A refresh that was under way when the row was read, here or in another process.
    package var refresh: RefreshMark?

    package var digest: SHA256Digest { id.digest }

    /// True when a refresh was begun and its answer is lost: one further try, then the login ends (B34).
    package var refreshWasInterrupted: Bool { refresh?.isInterrupted ?? false }

    package init(id: SessionID, session: Session, listing: SessionListing, refresh: RefreshMark? = nil) {
        self.id = id
        self.session = session
        self.listing = listing
        self.refresh = refresh
    }
}

/// What a cookie leads to.
package enum SessionFinding: Sendable {
    /// Nothing: unknown, deleted, or a session of another site.
    case absent
    /// A session. Whether its time is over is ``SessionLifetime``'s to say.
    case open(OpenSession)
    /// Ended from outside: revoke the tokens, then ``SessionRegistry/forget(_:)`` (B42).
    case ended(EndedSession)
    /// A row of this site that does not open: end it, log it, count it (B42).
    case unreadable(SessionVaultError)
}

package enum SessionBeginning: Sendable {
    /// The session began, and others ended for it.
    case begun(OpenSession, ended: [SHA256Digest])
    /// The provider has logged the user out since (F17, F24).
    case refusedByLogout
}

package enum SessionRenewal: Sendable {
    case renewed(OpenSession)
    /// Somebody else renewed it; the tokens in hand are void: look the session up again.
    case superseded
    /// The session is over; the tokens in hand must be revoked (B40).
    case ended
}
