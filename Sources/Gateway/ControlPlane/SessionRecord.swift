import Bytes
import Formats
import HTTP
package import Sessions
import Threads
package import Time

/// A session's content, with what requests need of it rendered once.
package final class SessionRecord: Sendable {
    package let open: OpenSession
    package let lifetime: SessionLifetime
    /// When the access token is renewed and when it ends; nil when the provider did not say.
    package let refreshTime: RefreshTime?
    /// The line `Authorization: Bearer …`, ready for the wire; empty without an access token.
    package let authorization: [UInt8]
    /// The access token alone, for the echo guard (E35).
    package let accessToken: [UInt8]
    /// The same with the ID token, for routes with `token: id`; empty without one.
    package let idAuthorization: [UInt8]
    package let idToken: [UInt8]
    /// For each of a snapshot's header plans the field lines this user's claims make.
    private let rendered: Locked<RenderedHeaders>
    private let headersCost: Int
    /// For log lines.
    package let subject: [UInt8]
    package let publicID: [UInt8]

    package var session: Session { open.session }

    /// True when there is a refresh token to renew the access token with.
    package var canRefresh: Bool { open.session.tokens?.refreshToken != nil }

    /// A token that was granted a moment ago is not renewed because an upstream refuses it: the next one would be no
    /// better (B31).
    package static let youngestToRenew = Duration.seconds(30)

    package func isOldEnoughToRenew(now: Timestamp) -> Bool {
        guard let obtainedAt = open.session.tokens?.obtainedAt else { return false }
        return now.since(obtainedAt) > Self.youngestToRenew
    }

    package init(_ open: OpenSession, settings: SessionSettings, headers: RenderedHeaders, clock: TimeSource) {
        self.open = open
        rendered = Locked(headers)
        headersCost = headers.lines.reduce(0) { $0 + $1.count }
        let session = open.session
        let now = clock.now()
        let instant = clock.instant()
        lifetime = SessionLifetime(
            createdAt: session.createdAt, absoluteEnd: session.absoluteEnd, idleTimeout: settings.idleTimeout, now: now,
            instant: instant)
        refreshTime = session.tokens.flatMap {
            RefreshTime($0, refreshBefore: settings.refreshBefore, digest: open.digest, now: now, instant: instant)
        }
        accessToken = session.tokens?.accessToken.exposed ?? []
        authorization = Self.authorization(accessToken)
        idToken = session.tokens?.idToken?.exposed ?? []
        idAuthorization = Self.authorization(idToken)
        subject = Array(session.subject.utf8)
        publicID = Array(session.publicID.utf8)
    }

    /// The field lines by these plans; written anew where they were written by others (reload).
    func headerLines(_ plans: HeaderPlans) -> [[UInt8]] {
        rendered.withLock { rendered in
            if rendered.plans !== plans { rendered = plans.rendered(for: session).headers }
            return rendered.lines
        }
    }

    private static func authorization(_ token: [UInt8]) -> [UInt8] {
        if token.isEmpty { return [] }
        // Tokens are judged when they come; here a line break would be a header of somebody else's (G36).
        precondition(Fields.isValid(value: token.span), "a control character in a token")
        return Array("Authorization: Bearer ".utf8) + token + Array("\r\n".utf8)
    }

    /// Bytes of memory this record takes, for the cache's bound.
    package var cost: Int {
        2048 + 2 * accessToken.count + 2 * idToken.count + headersCost
            + 2 * session.claims.members.count * 64
    }
}
