import Bytes
import Cryptography
import Foundation
import TestSupport
import Testing
import Time

@testable import Sessions

/// The contract of a store, put to every one of them.
@Suite(.timeLimit(.minutes(2)))
struct SessionStoreTests {
    @Test("a session is found by its cookie, whole", arguments: StoreKind.allCases)
    func insertAndFind(kind: StoreKind) async throws {
        let fixture = try await StoreFixture(kind)
        let open = try await fixture.begin(fixture.login(sid: "provider-sid"))
        let found = try #require(try await fixture.found(open))
        #expect(found.session == open.session)
        #expect(found.listing == open.listing)
        #expect(found.session.tokens?.refreshToken?.exposedText == "canary-refresh-token")
        #expect(found.session.tokenVersion == 1)
        #expect(found.refresh == nil)
        #expect(found.session.absoluteEnd == fixture.clock.now + .seconds(12 * 3600))
    }

    @Test("an unknown cookie is no session", arguments: StoreKind.allCases)
    func absent(kind: StoreKind) async throws {
        let fixture = try await StoreFixture(kind)
        _ = try await fixture.begin()
        guard case .absent = try await fixture.registry.find(try SessionID.make(), site: StoreFixture.site) else {
            Issue.record("found something")
            return
        }
    }

    @Test("E44 E41 an ended session's cookie finds nothing", arguments: StoreKind.allCases)
    func ended(kind: StoreKind) async throws {
        let fixture = try await StoreFixture(kind)
        let open = try await fixture.begin()
        #expect(try await fixture.registry.end([open.digest], .deleted) == [open.digest])
        #expect(try await fixture.store.find(open.digest) == nil)
        #expect(fixture.heard.digests == [open.digest])
        #expect(try await fixture.registry.end([open.digest], .deleted) == [])
    }

    @Test("A50 a new session ends the ones it replaces, in one step", arguments: StoreKind.allCases)
    func replacing(kind: StoreKind) async throws {
        let fixture = try await StoreFixture(kind)
        let old = try await fixture.begin()
        let unknown = SHA256Digest(hashing: [1])
        guard
            case .begun(let new, let ended) = try await fixture.registry.begin(
                fixture.login(), replacing: [old.digest, unknown], .deleted)
        else {
            Issue.record("refused")
            return
        }
        #expect(ended == [old.digest])
        #expect(try await fixture.store.find(old.digest) == nil)
        #expect(try await fixture.found(new) != nil)
        #expect(new.id != old.id && new.session.publicID != old.session.publicID)
    }

    @Test(
        "B42 a session ended from outside opens no more, and gives its tokens back for revoking",
        arguments: StoreKind.allCases)
    func tombstone(kind: StoreKind) async throws {
        let fixture = try await StoreFixture(kind)
        let open = try await fixture.begin()
        #expect(try await fixture.registry.end(.publicID(open.session.publicID)) == [open.digest])
        guard case .ended(let ended) = try await fixture.find(open) else {
            Issue.record("no tombstone")
            return
        }
        #expect(ended.tokens == open.session.tokens && ended.publicID == open.session.publicID)
        #expect(try await fixture.registry.list(.everybody).entries.isEmpty)
        #expect(try await fixture.registry.counts().tombstones == 1)
        // It cannot be ended again, nor refreshed, nor touched back to life.
        #expect(try await fixture.registry.end(.everybody) == [])
        #expect(try await fixture.registry.beginRefresh(open, lasting: .seconds(10)) == .ended)
        try await fixture.registry.touch([fixture.use(open, seen: fixture.clock.now)])
        try await fixture.registry.forget(ended)
        #expect(try await fixture.store.find(open.digest) == nil)
        #expect(fixture.heard.digests == [open.digest])
    }

    @Test("E46 F20 a user's sessions end together, others stay", arguments: StoreKind.allCases)
    func endUser(kind: StoreKind) async throws {
        let fixture = try await StoreFixture(kind)
        var mine: [SHA256Digest] = []
        for _ in 0..<3 { mine.append(try await fixture.begin("alice").digest) }
        let other = try await fixture.begin("bob")
        let ended = try await fixture.registry.end(.user(issuer: StoreFixture.issuer, subject: "alice"))
        #expect(Set(ended) == Set(mine))
        #expect(Set(fixture.heard.digests) == Set(mine))
        #expect(try await fixture.found(other) != nil)
        #expect(try await fixture.registry.end(.user(issuer: "https://elsewhere", subject: "bob")) == [])
        #expect(try await fixture.registry.end(.everybody) == [other.digest])
    }

    @Test("E45 the oldest of a user's sessions ends when one more begins", arguments: StoreKind.allCases)
    func perUser(kind: StoreKind) async throws {
        var settings = SessionSettings()
        settings.perUser = 3
        let fixture = try await StoreFixture(kind, settings: settings)
        let other = try await fixture.begin("bob")
        var mine: [OpenSession] = []
        for number in 0..<5 {
            guard
                case .begun(let open, let ended) = try await fixture.registry.begin(
                    fixture.login("alice"), replacing: [], .deleted)
            else {
                Issue.record("refused")
                return
            }
            mine.append(open)
            #expect(ended == (number < 3 ? [] : [mine[number - 3].digest]))
        }
        #expect(
            try await fixture.registry.list(.user(issuer: StoreFixture.issuer, subject: "alice")).entries.count == 3)
        #expect(try await fixture.found(other) != nil)
        // Their tokens are not at hand: they stay as tombstones.
        guard case .ended = try await fixture.find(mine[0]) else {
            Issue.record("no tombstone")
            return
        }
    }

    @Test("E45 zero means no limit", arguments: StoreKind.allCases)
    func noLimit(kind: StoreKind) async throws {
        var settings = SessionSettings()
        settings.perUser = 0
        let fixture = try await StoreFixture(kind, settings: settings)
        for _ in 0..<25 { _ = try await fixture.begin("alice") }
        #expect(try await fixture.registry.counts().live == 25)
    }

    @Test("a digest is inserted once", arguments: StoreKind.allCases)
    func duplicate(kind: StoreKind) async throws {
        let fixture = try await StoreFixture(kind)
        let open = try await fixture.begin()
        let row = try fixture.vault.seal(open.session, open.listing, id: open.id, sweepAfter: open.session.absoluteEnd)
        let grant = GrantTerms(users: [], providerSIDs: [], issuedAt: nil)
        await #expect(throws: SessionStoreError.self) {
            try await fixture.store.insert(
                row, InsertionTerms(grant: grant, replacing: [], replaced: .deleted, perUser: 0))
        }
        #expect(try await fixture.found(open) != nil)
    }

    @Test("a use moves the listing and nothing else", arguments: StoreKind.allCases)
    func touch(kind: StoreKind) async throws {
        let fixture = try await StoreFixture(kind)
        let open = try await fixture.begin()
        fixture.clock.advance(.seconds(600))
        try await fixture.registry.touch([fixture.use(open, seen: fixture.clock.now)])
        let found = try #require(try await fixture.found(open))
        #expect(found.listing.lastSeen == fixture.clock.now)
        #expect(found.session == open.session)
        let listed = try await fixture.registry.list(.publicID(open.session.publicID)).entries
        #expect(listed.map(\.listing.lastSeen) == [fixture.clock.now])
    }

    @Test("lists go page by page in the order of beginning", arguments: StoreKind.allCases)
    func list(kind: StoreKind) async throws {
        let fixture = try await StoreFixture(kind)
        var begun: [String] = []
        for number in 0..<7 { begun.append(try await fixture.begin("user-\(number)").session.publicID) }
        var listed: [String] = []
        var position: Int64? = 0
        var pages = 0
        while let after = position {
            let page = try await fixture.registry.list(.everybody, after: after, limit: 3)
            listed += page.entries.map(\.listing.publicID)
            position = page.next
            pages += 1
        }
        #expect(listed == begun && pages == 3)
    }

    @Test("E42 E43 lists leave out what is over", arguments: StoreKind.allCases)
    func listAlive(kind: StoreKind) async throws {
        let fixture = try await StoreFixture(kind)
        _ = try await fixture.begin("idle")
        fixture.clock.advance(.minutes(29))
        let alive = try await fixture.begin("alive")
        fixture.clock.advance(.minutes(1))
        #expect(try await fixture.registry.list(.everybody).entries.map(\.digest) == [alive.digest])
    }

    // MARK: refresh

    @Test("B33 B40a new tokens replace the old version, once", arguments: StoreKind.allCases)
    func renew(kind: StoreKind) async throws {
        let fixture = try await StoreFixture(kind)
        let open = try await fixture.begin()
        guard case .granted(let lease, false) = try await fixture.registry.beginRefresh(open, lasting: .seconds(10))
        else {
            Issue.record("not granted")
            return
        }
        let newer = open.withAccessToken("second")
        guard case .renewed(let renewed) = try await fixture.registry.renew(newer, lease, idTokenIssuedAt: nil) else {
            Issue.record("not renewed")
            return
        }
        #expect(renewed.session.tokenVersion == 2)
        let found = try #require(try await fixture.found(open))
        #expect(found.session.tokens?.accessToken.exposedText == "second")
        #expect(found.session.tokenVersion == 2 && found.refresh == nil)
        // The same lease is spent, and the old version can be refreshed no more.
        guard case .superseded = try await fixture.registry.renew(newer, lease, idTokenIssuedAt: nil) else {
            Issue.record("twice")
            return
        }
        #expect(try await fixture.registry.beginRefresh(open, lasting: .seconds(10)) == .superseded)
    }

    @Test("E42 a renewal does not take back the last use", arguments: StoreKind.allCases)
    func renewKeepsUse(kind: StoreKind) async throws {
        let fixture = try await StoreFixture(kind)
        let open = try await fixture.begin()
        fixture.clock.advance(.minutes(20))
        try await fixture.registry.touch([fixture.use(open, seen: fixture.clock.now)])
        guard case .granted(let lease, _) = try await fixture.registry.beginRefresh(open, lasting: .seconds(10)),
            case .renewed = try await fixture.registry.renew(
                open.withAccessToken("second"), lease, idTokenIssuedAt: nil)
        else {
            Issue.record("not renewed")
            return
        }
        let found = try #require(try await fixture.found(open))
        #expect(found.listing.lastSeen == fixture.clock.now && found.session.tokenVersion == 2)
    }

    @Test("F24 a session begins under an id that its cache knew before", arguments: StoreKind.allCases)
    func beginAs(kind: StoreKind) async throws {
        let fixture = try await StoreFixture(kind)
        let id = try SessionID.make()
        guard
            case .begun(let open, _) = try await fixture.registry.begin(
                fixture.login(), as: id, replacing: [], .deleted)
        else {
            Issue.record("refused")
            return
        }
        #expect(open.id == id)
        #expect(try await fixture.found(open) != nil)
    }

    @Test("B32 of many who want to refresh, one may", arguments: StoreKind.allCases)
    func singleFlight(kind: StoreKind) async throws {
        let fixture = try await StoreFixture(kind)
        let open = try await fixture.begin()
        let granted = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    if case .granted = try await fixture.registry.beginRefresh(open, lasting: .seconds(10)) {
                        true
                    } else {
                        false
                    }
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(granted == 1)
        let mark = try #require(try await fixture.found(open)?.refresh)
        #expect(!mark.isInterrupted && mark.until == fixture.clock.now + .seconds(10))
        #expect(try await fixture.registry.beginRefresh(open, lasting: .seconds(9)) == .held(until: mark.until))
    }

    @Test("B36 a right given back may be taken again", arguments: StoreKind.allCases)
    func cancel(kind: StoreKind) async throws {
        let fixture = try await StoreFixture(kind)
        let open = try await fixture.begin()
        guard case .granted(let lease, _) = try await fixture.registry.beginRefresh(open, lasting: .seconds(10)) else {
            Issue.record("not granted")
            return
        }
        try await fixture.registry.cancelRefresh(lease)
        #expect(try await fixture.found(open)?.refresh == nil)
        guard case .granted(_, false) = try await fixture.registry.beginRefresh(open, lasting: .seconds(10)) else {
            Issue.record("not granted again")
            return
        }
    }

    @Test(
        "B40a B34 a lapsed right is taken over as a lost answer, and its former holder writes nothing",
        arguments: StoreKind.allCases)
    func takeover(kind: StoreKind) async throws {
        let fixture = try await StoreFixture(kind)
        let open = try await fixture.begin()
        guard case .granted(let slow, _) = try await fixture.registry.beginRefresh(open, lasting: .seconds(10)) else {
            Issue.record("not granted")
            return
        }
        fixture.clock.advance(.seconds(10))
        #expect(try await fixture.found(open)?.refreshWasInterrupted == true)
        guard case .granted(let fast, true) = try await fixture.registry.beginRefresh(open, lasting: .seconds(10))
        else {
            Issue.record("not taken over")
            return
        }
        #expect(try await fixture.registry.extendRefresh(slow, lasting: .seconds(10)) == false)
        guard
            case .superseded = try await fixture.registry.renew(
                open.withAccessToken("slow"), slow, idTokenIssuedAt: nil)
        else {
            Issue.record("fence broken")
            return
        }
        guard case .renewed = try await fixture.registry.renew(open.withAccessToken("fast"), fast, idTokenIssuedAt: nil)
        else {
            Issue.record("not renewed")
            return
        }
        #expect(try await fixture.found(open)?.session.tokens?.accessToken.exposedText == "fast")
    }

    @Test(
        "a right that is kept up does not lapse; a lapsed one that nobody took still counts",
        arguments: StoreKind.allCases)
    func extend(kind: StoreKind) async throws {
        let fixture = try await StoreFixture(kind)
        let open = try await fixture.begin()
        guard case .granted(let lease, _) = try await fixture.registry.beginRefresh(open, lasting: .seconds(10)) else {
            Issue.record("not granted")
            return
        }
        fixture.clock.advance(.seconds(9))
        #expect(try await fixture.registry.extendRefresh(lease, lasting: .seconds(10)))
        fixture.clock.advance(.seconds(9))
        #expect(try await fixture.found(open)?.refreshWasInterrupted == false)
        fixture.clock.advance(.seconds(9))
        #expect(try await fixture.found(open)?.refreshWasInterrupted == true)
        guard
            case .renewed = try await fixture.registry.renew(open.withAccessToken("late"), lease, idTokenIssuedAt: nil)
        else {
            Issue.record("thrown away")
            return
        }
    }

    @Test("a wall clock set far back leaves no right standing for hours", arguments: StoreKind.allCases)
    func clockSetBack(kind: StoreKind) async throws {
        let fixture = try await StoreFixture(kind)
        let open = try await fixture.begin()
        _ = try await fixture.registry.beginRefresh(open, lasting: .seconds(10))
        fixture.clock.setWallClock(by: .seconds(-2))
        #expect(try await fixture.found(open)?.refreshWasInterrupted == false)
        fixture.clock.setWallClock(by: .seconds(-3600))
        #expect(try await fixture.found(open)?.refreshWasInterrupted == true)
    }

    @Test("B40 a logout during a refresh wins", arguments: StoreKind.allCases, [SessionEnding.deleted, .tombstone])
    func logoutDuringRefresh(kind: StoreKind, ending: SessionEnding) async throws {
        let fixture = try await StoreFixture(kind)
        let open = try await fixture.begin()
        guard case .granted(let lease, _) = try await fixture.registry.beginRefresh(open, lasting: .seconds(10)) else {
            Issue.record("not granted")
            return
        }
        _ = try await fixture.registry.end([open.digest], ending)
        guard case .ended = try await fixture.registry.renew(open.withAccessToken("late"), lease, idTokenIssuedAt: nil)
        else {
            Issue.record("brought back")
            return
        }
        #expect(try await fixture.found(open) == nil)
    }

    // MARK: logins and logouts

    @Test("A43 of 50 callbacks with one state, one wins", arguments: StoreKind.allCases)
    func consumeLogin(kind: StoreKind) async throws {
        let fixture = try await StoreFixture(kind)
        let state = SHA256Digest(hashing: Array("state".utf8))
        let won = try await withThrowingTaskGroup(of: LoginConsumption.self) { group in
            for _ in 0..<50 {
                group.addTask { try await fixture.registry.consumeLogin(state: state, lasting: .minutes(10)) }
            }
            return try await group.reduce(0) { $0 + ($1 == .won ? 1 : 0) }
        }
        #expect(won == 1)
        let other = SHA256Digest(hashing: Array("other".utf8))
        #expect(try await fixture.registry.consumeLogin(state: other, lasting: .minutes(10)) == .won)
    }

    @Test("F17 F20 a logout notice by sid ends that session, once", arguments: StoreKind.allCases)
    func logoutBySID(kind: StoreKind) async throws {
        let fixture = try await StoreFixture(kind)
        let first = try await fixture.begin("alice", sid: "sid-1")
        let second = try await fixture.begin("alice", sid: "sid-2")
        fixture.clock.advance(.seconds(5))
        #expect(try await fixture.logout("jti-1", sid: "sid-1") == .recorded(ended: [first.digest]))
        #expect(try await fixture.logout("jti-1", sid: "sid-2") == .replayed)
        #expect(try await fixture.found(first) == nil)
        #expect(try await fixture.found(second) != nil)
        #expect(fixture.heard.digests == [first.digest])
    }

    @Test("F20 a logout notice by sub ends all of the user's sessions", arguments: StoreKind.allCases)
    func logoutBySubject(kind: StoreKind) async throws {
        let fixture = try await StoreFixture(kind)
        let first = try await fixture.begin("alice", sid: "sid-1")
        let second = try await fixture.begin("alice", sid: nil)
        let other = try await fixture.begin("bob", sid: "sid-3")
        fixture.clock.advance(.seconds(5))
        #expect(
            try await fixture.logout("jti-1", subject: "alice") == .recorded(ended: [first.digest, second.digest]))
        #expect(try await fixture.found(other) != nil)
    }

    @Test(
        "F18 sid and sub of different people contradict; unknown ones are already logged out",
        arguments: StoreKind.allCases)
    func logoutContradiction(kind: StoreKind) async throws {
        let fixture = try await StoreFixture(kind)
        let open = try await fixture.begin("alice", sid: "sid-1")
        #expect(try await fixture.logout("jti-1", subject: "bob", sid: "sid-1") == .contradiction)
        #expect(try await fixture.logout("jti-2") == .contradiction)
        #expect(try await fixture.logout("jti-3", subject: "carol", sid: "sid-9") == .recorded(ended: []))
        #expect(try await fixture.found(open) != nil)
    }

    @Test(
        "F17 F24 a grant not younger than a logout notice is refused, a younger one is not",
        arguments: StoreKind.allCases)
    func grantAfterLogout(kind: StoreKind) async throws {
        let fixture = try await StoreFixture(kind)
        let refreshing = try await fixture.begin("alice", sid: "sid-1")
        guard case .granted = try await fixture.registry.beginRefresh(refreshing, lasting: .seconds(60)) else {
            Issue.record("not granted")
            return
        }
        let before = fixture.clock.now
        fixture.clock.advance(.seconds(5))
        _ = try await fixture.logout("jti-1", sid: "sid-1")
        let late = try await fixture.registry.begin(
            fixture.login("alice", sid: "sid-1", idTokenIssuedAt: before), replacing: [], .deleted)
        guard case .refusedByLogout = late else {
            Issue.record("a login that the provider had ended began")
            return
        }
        fixture.clock.advance(.seconds(1))
        let fresh = try await fixture.begin(fixture.login("alice", sid: "sid-1"))
        guard case .granted(let lease, _) = try await fixture.registry.beginRefresh(fresh, lasting: .seconds(60)) else {
            Issue.record("not granted")
            return
        }
        guard case .ended = try await fixture.registry.renew(fresh, lease, idTokenIssuedAt: before) else {
            Issue.record("a refresh older than the logout was kept")
            return
        }
    }

    @Test("F17 sessions that began after the notice's time and skew stay", arguments: StoreKind.allCases)
    func logoutSparesYounger(kind: StoreKind) async throws {
        let fixture = try await StoreFixture(kind)
        let old = try await fixture.begin("alice")
        let issuedAt = fixture.clock.now
        fixture.clock.advance(.seconds(61))
        let young = try await fixture.begin("alice")
        #expect(
            try await fixture.registry.recordLogout(
                issuer: StoreFixture.issuer, identifier: "jti", subject: "alice", sid: nil, issuedAt: issuedAt,
                tolerance: .seconds(60), lasting: .minutes(5)) == .recorded(ended: [old.digest]))
        #expect(try await fixture.found(young) != nil)
    }

    // MARK: housekeeping

    @Test("documents come back with their time, newest copy", arguments: StoreKind.allCases)
    func documents(kind: StoreKind) async throws {
        let fixture = try await StoreFixture(kind)
        #expect(try await fixture.registry.document(kind: "metadata", provider: "default") == nil)
        for text in ["first", "second"] {
            try await fixture.registry.save(
                document: Array(text.utf8), kind: "metadata", provider: "default", fetchedAt: fixture.clock.now)
            fixture.clock.advance(.seconds(1))
        }
        let found = try #require(try await fixture.registry.document(kind: "metadata", provider: "default"))
        #expect(found.content == Array("second".utf8))
        #expect(found.fetchedAt == fixture.clock.now - .seconds(1))
        #expect(try await fixture.registry.document(kind: "keys", provider: "default") == nil)
        #expect(try await fixture.registry.document(kind: "metadata", provider: "unknown") == nil)
    }

    @Test("E45 the sweep takes what is over and nothing else", arguments: StoreKind.allCases)
    func sweep(kind: StoreKind) async throws {
        let fixture = try await StoreFixture(kind)
        for number in 0..<25 { _ = try await fixture.begin("idle-\(number)") }
        let dead = try await fixture.begin("tombstone")
        _ = try await fixture.registry.end(.publicID(dead.session.publicID))
        _ = try await fixture.registry.consumeLogin(
            state: SHA256Digest(hashing: [1]), lasting: .minutes(10))
        _ = try await fixture.logout("jti", subject: "nobody")
        fixture.clock.advance(.minutes(46))
        let alive = try await fixture.begin("alive")
        let sweeper = SessionSweeper(store: fixture.store, time: fixture.clock.source, step: 10)
        let first = try await sweeper.sweep()
        #expect(first.isDone && first.removed >= 27)
        #expect(try await fixture.found(alive) != nil)
        let counts = try await fixture.registry.counts()
        #expect(counts.live == 1 && counts.tombstones == 1 && counts.consumedLogins == 0)
        fixture.clock.advance(.hours(12))
        _ = try await sweeper.sweep()
        let rest = try await fixture.registry.counts()
        #expect(rest.live == 0 && rest.tombstones == 0 && rest.sealedBy.isEmpty)
        #expect(try await sweeper.sweep().removed == 0)
    }

    @Test("E42 a session in use is not swept", arguments: StoreKind.allCases)
    func sweepSpares(kind: StoreKind) async throws {
        let fixture = try await StoreFixture(kind)
        let open = try await fixture.begin()
        for _ in 0..<8 {
            fixture.clock.advance(.minutes(20))
            try await fixture.registry.touch([fixture.use(open, seen: fixture.clock.now)])
            _ = try await fixture.store.sweep(limit: 100)
        }
        #expect(try await fixture.found(open) != nil)
        fixture.clock.advance(.minutes(45))
        #expect(try await fixture.store.sweep(limit: 100) == 1)
    }

    @Test("a closed store says so", arguments: StoreKind.allCases)
    func closed(kind: StoreKind) async throws {
        let fixture = try await StoreFixture(kind)
        let open = try await fixture.begin()
        await fixture.store.close()
        await #expect(throws: SessionStoreError.closed) { try await fixture.find(open) }
        await #expect(throws: SessionStoreError.closed) { try await fixture.begin() }
        await #expect(throws: SessionStoreError.closed) { try await fixture.registry.check() }
    }
}

extension StoreFixture {
    func use(_ open: OpenSession, seen: Timestamp) -> SessionUse {
        var listing = open.listing
        listing.lastSeen = seen
        return SessionUse(
            digest: open.digest, site: open.session.site, provider: open.session.provider,
            absoluteEnd: open.session.absoluteEnd, listing: listing)
    }

    func logout(
        _ identifier: String, subject: String? = nil, sid: String? = nil
    ) async throws(SessionStoreError) -> LogoutOutcome {
        try await registry.recordLogout(
            issuer: Self.issuer, identifier: identifier, subject: subject, sid: sid, issuedAt: clock.now,
            tolerance: .zero, lasting: .minutes(5))
    }
}

extension OpenSession {
    func withAccessToken(_ text: String) -> OpenSession {
        var copy = self
        copy.session.tokens?.accessToken = Secret(text)
        return copy
    }
}
