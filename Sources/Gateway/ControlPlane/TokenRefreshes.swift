import Bytes
import Cryptography
import OpenIDConnect
import Sessions
import Telemetry
package import Time

/// Station 2: renews access tokens, once per session at a time, whoever asks and however many (B32).
///
/// A refresh belongs to the session, not to the request that caused it: it runs in a task of its own, and its result goes
/// to everybody who waits. The old tokens stay until the new ones are on disk (B33).
package actor TokenRefreshes {
    private let keeper: SessionKeeper
    private var provider: ProviderClient
    private let log: Logger
    private var running: [SHA256Digest: Task<RefreshResult, Never>] = [:]
    private var failures: [SHA256Digest: Int] = [:]
    /// When a process that is asked to stop gives up what the store does not take.
    private var lastChance = Instant.distantFuture

    init(keeper: SessionKeeper, provider: ProviderClient) {
        self.keeper = keeper
        self.provider = provider
        log = keeper.log
    }

    private var settings: ProviderSettings { provider.settings }

    /// Refreshes that begin from now on ask this one.
    func adopt(_ provider: ProviderClient) { self.provider = provider }

    /// Renews the session's tokens, or waits for whoever does.
    ///
    /// - Parameters:
    ///   - live: the session.
    ///   - refused: the version of a token that is renewed before its time, since an upstream refused it (B31).
    package func refresh(_ live: LiveSession, refused: Int64? = nil) async -> RefreshResult {
        if let task = running[live.digest] { return unlessEnded(live, await task.value) }
        // Somebody was faster: the request decided on a record that is not the session's any more.
        if let ended = live.ended { return .ended(ended) }
        let record = live.record
        if let refused {
            if record.session.tokenVersion != refused { return .fresh }
        } else if let time = record.refreshTime,
            !time.due.hasPassed(now: keeper.clock.now(), instant: keeper.clock.instant())
        {
            return .fresh
        }
        let now = keeper.clock.instant()
        if now < live.noRefreshBefore { return .unavailable(retryAfter: live.noRefreshBefore.since(now)) }
        let task = Task { await self.run(live) }
        running[live.digest] = task
        let result = await task.value
        running[live.digest] = nil
        return unlessEnded(live, result)
    }

    /// Who was logged out while the refresh was under way gets no token any more, neither the new nor the old (B40).
    private func unlessEnded(_ live: LiveSession, _ result: RefreshResult) -> RefreshResult {
        live.ended.map { .ended($0) } ?? result
    }

    /// Waits until no refresh is under way: a process that is asked to stop must not lose an answer.
    ///
    /// - Parameter lastChance: a store that fails until then is not waited for any longer.
    package func settle(lastChance: Instant) async {
        self.lastChance = lastChance
        for task in running.values { _ = await task.value }
    }

    private func run(_ live: LiveSession) async -> RefreshResult {
        do throws(SessionStoreError) {
            while true {
                let open = live.record.open
                let asked = keeper.clock.instant()
                switch try await keeper.beginRefresh(open, lasting: lease) {
                case .granted(let lease, let afterInterruption):
                    // A process that stood still in between may have lost the right, and the token with it (B40a).
                    if keeper.clock.instant().since(asked) >= self.lease { continue }
                    if afterInterruption {
                        log.warning("refresh_interrupted", [("session", .string(open.session.publicID))])
                    }
                    return await redeem(live, open, lease)
                case .held(let until):
                    // Another process is at it. Its result is in the store when the lease is over.
                    let left = until.since(keeper.clock.now())
                    let wait = min(max(left, Duration.milliseconds(20)), Duration.milliseconds(250))
                    try? await Task.sleep(for: wait)
                    if let result = try await adoptNewer(live) { return result }
                case .superseded:
                    return try await adoptNewer(live) ?? .unavailable(retryAfter: .seconds(1))
                case .ended:
                    live.end(.revoked)
                    return .ended(.revoked)
                }
            }
        } catch {
            // Nothing was asked of the provider, so nothing is lost; the tokens in memory stay as they are.
            return .unavailable(retryAfter: .seconds(2))
        }
    }

    /// Longer than one call may take with its retry, so that nobody takes a lease over whose holder lives.
    private var lease: Duration { settings.timeout * 2 + .seconds(10) }

    /// Asks the provider, and keeps what it grants.
    private func redeem(_ live: LiveSession, _ open: OpenSession, _ lease: RefreshLease) async -> RefreshResult {
        guard let tokens = open.session.tokens, let refreshToken = tokens.refreshToken else {
            try? await keeper.cancelRefresh(lease)
            return .unavailable(retryAfter: .seconds(60))
        }
        let request = RefreshRequest(
            refreshToken: refreshToken, issuer: open.session.issuer, subject: open.session.subject,
            claims: open.session.claims, scope: open.session.scope)
        let outcome = await provider.refresh(request)
        keeper.metrics.refresh(settings.name, outcome.label)
        var storeAnswers = true
        if case .renewed = outcome {
        } else {
            do throws(SessionStoreError) {
                // Somebody took the lapsed lease over, and was luckier (B40a).
                if let newer = try await adoptNewer(live) { return newer }
            } catch {
                storeAnswers = false
            }
        }
        switch outcome {
        case .renewed(let grant):
            failures[live.digest] = nil
            return await keep(grant, live, open, lease)
        case .fatal(let reason, _) where !storeAnswers:
            // Somebody may have been: nobody is signed out on a guess.
            return await putOff(live, lease, reason, atLeast: .seconds(2))
        case .fatal(let reason, let endsNow):
            log.warning("refresh_refused", [("session", .string(open.session.publicID)), ("error", .string(reason))])
            if endsNow || hasEnded(live) {
                await keeper.end(live, .refreshFailed)
                return .ended(.refreshFailed)
            }
            // The access token is good until its end; then so is the session (B35).
            live.refreshIsDead = true
            try? await keeper.cancelRefresh(lease)
            return .fresh
        case .transient(let reason, let retryAfter):
            return await putOff(live, lease, reason, atLeast: retryAfter)
        case .operatorError(let reason):
            // Our own registration is wrong: a person must act, and no user is to pay for it (B36).
            log.error("provider_refuses_client", [("provider", .string(settings.name)), ("error", .string(reason))])
            return await putOff(live, lease, reason, atLeast: .seconds(30))
        }
    }

    /// The session goes on with what it has, and tries again later.
    private func putOff(
        _ live: LiveSession, _ lease: RefreshLease, _ reason: String, atLeast wait: Duration
    ) async -> RefreshResult {
        log.warning(
            "refresh_failed", [("session", .string(live.record.session.publicID)), ("error", .string(reason))])
        try? await keeper.cancelRefresh(lease)
        let wait = max(wait, backOff(live))
        live.noRefreshBefore = keeper.clock.instant() + wait
        return .unavailable(retryAfter: wait)
    }

    /// True when the access token is over.
    private func hasEnded(_ live: LiveSession) -> Bool {
        live.record.refreshTime?.end.hasPassed(now: keeper.clock.now(), instant: keeper.clock.instant()) ?? false
    }

    /// The new pair goes to disk before anybody uses it; until the disk takes it the old pair stays in use.
    ///
    /// The provider has spent the old refresh token by now. So the new one is tried to be kept for as long as the
    /// process lives: giving up would log the user out at the next refresh.
    private func keep(
        _ grant: GrantedTokens, _ live: LiveSession, _ open: OpenSession, _ lease: RefreshLease
    ) async -> RefreshResult {
        var renewed = open
        renewed.session = open.session.with(grant, now: keeper.clock.now())
        var wait = Duration.milliseconds(50)
        while true {
            do throws(SessionStoreError) {
                switch try await keeper.renew(renewed, lease, issuedAt: grant.idToken == nil ? nil : grant.issuedAt) {
                case .renewed(let kept):
                    live.replace(keeper.record(kept))
                    // A logout that is on its way to the store, or could not be written, wins as well (B40).
                    if let ended = live.ended { return discard(kept.session.tokens, ended) }
                    return .fresh
                case .superseded:
                    return try await adoptNewer(live) ?? .unavailable(retryAfter: .seconds(1))
                case .ended:
                    // A logout during the refresh wins, and what the refresh brought is worth revoking (B40).
                    live.end(.revoked)
                    return discard(renewed.session.tokens, live.ended ?? .revoked)
                }
            } catch {
                if let ended = live.ended { return discard(renewed.session.tokens, ended) }
                if error == .closed || keeper.clock.instant() >= lastChance {
                    log.error("refresh_lost", [("session", .string(open.session.publicID))])
                    return .unavailable(retryAfter: .seconds(5))
                }
                try? await Task.sleep(for: wait)
                wait = min(wait * 2, .seconds(5))
            }
        }
    }

    /// Revokes what came for a session that is over; nobody who waits for the refresh waits for that, too.
    private func discard(_ tokens: TokenSet?, _ reason: SessionEnd) -> RefreshResult {
        let (provider, log) = (provider, log)
        Task { await provider.revokeForGood(tokens, log) }
        return .ended(reason)
    }

    /// Takes over what another process has written; nil when the row is still the one we know.
    private func adoptNewer(_ live: LiveSession) async throws(SessionStoreError) -> RefreshResult? {
        switch try await keeper.find(live.id, site: live.record.session.site) {
        case .open(let open):
            guard open.session.tokenVersion > live.record.session.tokenVersion else { return nil }
            live.replace(keeper.record(open))
            if let ended = live.ended { return discard(open.session.tokens, ended) }
            return .fresh
        case .absent, .ended, .unreadable:
            live.end(.revoked)
            return .ended(.revoked)
        }
    }

    /// 1, 2, 4 … 60 s, less up to a fifth by chance, so that sessions do not come back all at once (B36).
    private func backOff(_ live: LiveSession) -> Duration {
        let count = min(failures[live.digest, default: 0], 6)
        failures[live.digest] = count + 1
        if failures.count > 10_000 { failures.removeAll() }
        let seconds = min(60, 1 << count)
        return .milliseconds(seconds * 1000 - Int.random(in: 0...(seconds * 200)))
    }
}

extension Session {
    /// The session with what a refresh granted; what the provider did not send again stays (B33).
    func with(_ grant: GrantedTokens, now: Timestamp) -> Session {
        var session = self
        session.tokens = TokenSet(
            accessToken: grant.accessToken, tokenType: grant.tokenType, obtainedAt: now,
            expiresAt: grant.expiresIn.map { now + $0 }, refreshToken: grant.refreshToken ?? tokens?.refreshToken,
            idToken: grant.idToken ?? tokens?.idToken)
        session.scope = grant.scope ?? scope
        session.claims = grant.claims
        return session
    }
}
