import Bytes
import Cryptography
import Formats
import TestSupport
import Testing
import Time

@testable import Sessions

struct SessionVaultTests {
    private static let site = StoreFixture.site
    private static let client = StoreFixture.client
    private static let now = Timestamp(seconds: 1_767_268_800)

    private func vault(_ keys: [UInt8] = [1], client: SessionClient = client) throws -> SessionVault {
        try SessionVault(keys: keys.map(StoreFixture.key), clients: [client])
    }

    private func session(_ subject: String = "alice", site: String = site) -> (Session, SessionListing) {
        let session = Session(
            publicID: "0123456789abcdef0123", logoutID: "logout", site: site, provider: "default",
            issuer: Self.client.issuer, subject: subject, providerSID: "sid-1", createdAt: Self.now,
            absoluteEnd: Self.now + .hours(12),
            claims: ["name": "A \u{1F600} \"quoted\"", "n": 3, "deep": ["list": [1, 2.5, true, .null]]],
            authTime: Self.now - .seconds(3), acr: "gold", scope: "openid",
            tokens: TokenSet(
                accessToken: Secret("access"), tokenType: "DPoP", obtainedAt: Self.now,
                expiresAt: Self.now + .seconds(300), refreshToken: Secret("refresh"), idToken: Secret("id")),
            tokenVersion: 7)
        let listing = SessionListing(
            publicID: session.publicID, issuer: session.issuer, subject: subject, providerSID: "sid-1",
            createdAt: Self.now, lastSeen: Self.now, device: "Firefox", address: "203.0.113.0/24")
        return (session, listing)
    }

    private func sealed(
        _ id: SessionID, _ vault: SessionVault, subject: String = "alice", site: String = site
    ) throws -> SealedSession {
        let (session, listing) = session(subject, site: site)
        return try vault.seal(session, listing, id: id, sweepAfter: Self.now + .hours(1))
    }

    @Test("B41 what was sealed opens again, every member of it")
    func roundTrip() throws {
        let (vault, id) = (try vault(), try SessionID.make())
        let (session, listing) = session()
        let opened = try vault.open(sealed(id, vault), id: id)
        #expect(opened.session == session && opened.listing == listing)
        // The least a provider may send.
        var bare = session
        bare.tokens = TokenSet(accessToken: Secret("a"), tokenType: "Bearer", obtainedAt: Self.now)
        bare.authTime = nil
        bare.acr = nil
        bare.scope = nil
        #expect(try vault.open(vault.seal(bare, listing, id: id, sweepAfter: Self.now), id: id).session == bare)
        bare.tokens = nil
        #expect(try vault.open(vault.seal(bare, listing, id: id, sweepAfter: Self.now), id: id).session == bare)
    }

    @Test("B41 database and key list together open no token without the cookie")
    func needsCookie() throws {
        let (vault, id) = (try vault(), try SessionID.make())
        let row = try sealed(id, vault)
        // Another cookie, even for a row that claims to be its own.
        let other = try SessionID.make()
        #expect(throws: SessionVaultError.doesNotOpen) { try vault.open(row, id: other) }
        let renamed = row.with(digest: other.digest)
        #expect(throws: SessionVaultError.doesNotOpen) { try vault.open(renamed, id: other) }
        // What does open tells who and when, and no token.
        let listing = try vault.open(
            try #require(row.listing), digest: row.digest, site: row.site, provider: row.provider)
        #expect(listing.subject == "alice")
        // The key alone, used as lists use it, does not open the body.
        let key = try ListKey(StoreFixture.key(1))
        for label in ["postern session body", "postern session listing"] {
            #expect(throws: CryptographyError.notAuthentic) {
                try key.open(row.body, label: label, with: [], associatedData: [])
            }
        }
    }

    @Test("B41 each write has a key of its own")
    func freshSalt() throws {
        let (vault, id) = (try vault(), try SessionID.make())
        let (first, second) = (try sealed(id, vault), try sealed(id, vault))
        #expect(first.body.box.prefix(16) != second.body.box.prefix(16))
        #expect(first.body.box != second.body.box && first.listing?.record.box != second.listing?.record.box)
        #expect(first.listing?.user == second.listing?.user)
    }

    @Test("B41 no edited byte opens")
    func edited() throws {
        let (vault, id) = (try vault(), try SessionID.make())
        let row = try sealed(id, vault)
        for position in row.body.box.indices {
            var box = row.body.box
            box[position] ^= 1
            var edited = row
            edited.body = SealedPart(key: row.body.key, box: box)
            #expect(throws: SessionVaultError.doesNotOpen) { try vault.open(edited, id: id) }
        }
        for count in [0, 15, 16, 17, 40, row.body.box.count - 1] {
            var cut = row
            cut.body = SealedPart(key: row.body.key, box: Array(row.body.box.prefix(count)))
            #expect(throws: SessionVaultError.doesNotOpen) { try vault.open(cut, id: id) }
        }
        let listing = try #require(row.listing)
        for position in listing.record.box.indices {
            var box = listing.record.box
            box[position] ^= 0x80
            #expect(throws: SessionVaultError.doesNotOpen) {
                try vault.open(
                    listing.with(record: SealedPart(key: listing.record.key, box: box)), digest: row.digest,
                    site: row.site, provider: row.provider)
            }
        }
    }

    @Test("B41 a row put in another's place, or a box in another column, does not open")
    func swapped() throws {
        let vault = try vault()
        let (alice, bob) = (try SessionID.make(), try SessionID.make())
        let (rowA, rowB) = (try sealed(alice, vault), try sealed(bob, vault, subject: "bob"))
        var mixed = rowA
        mixed.body = rowB.body
        #expect(throws: SessionVaultError.doesNotOpen) { try vault.open(mixed, id: alice) }
        mixed = rowA
        mixed.listing = rowB.listing
        #expect(throws: SessionVaultError.doesNotOpen) { try vault.open(mixed, id: alice) }
        mixed = rowA
        mixed.body = try #require(rowA.listing).record
        #expect(throws: SessionVaultError.doesNotOpen) { try vault.open(mixed, id: alice) }
        mixed = rowA
        mixed.listing = try #require(rowA.listing).with(record: rowA.body)
        #expect(throws: SessionVaultError.doesNotOpen) { try vault.open(mixed, id: alice) }
    }

    @Test("B41 columns beside the box that say something else are noticed")
    func contradiction() throws {
        let (vault, id) = (try vault(), try SessionID.make())
        let row = try sealed(id, vault)
        let later = Self.now + .hours(24)
        var edited = [row.with(createdAt: later), row.with(absoluteEnd: later), row, row, row, row]
        edited[2].tokenVersion += 1
        let listing = try #require(row.listing)
        let elsewhere = SHA256Digest(hashing: [1])
        edited[3].listing = SealedListing(
            record: listing.record, publicID: elsewhere, user: listing.user, providerSID: listing.providerSID)
        edited[4].listing = SealedListing(
            record: listing.record, publicID: listing.publicID, user: elsewhere, providerSID: listing.providerSID)
        edited[5].listing = SealedListing(
            record: listing.record, publicID: listing.publicID, user: listing.user, providerSID: nil)
        for row in edited {
            #expect(throws: SessionVaultError.contradiction) { try vault.open(row, id: id) }
        }
    }

    @Test("B41 another site, provider, issuer or client opens nothing")
    func bound() throws {
        let (here, id) = (try vault(), try SessionID.make())
        let row = try sealed(id, here)
        #expect(throws: SessionVaultError.doesNotOpen) { try here.open(row.with(site: "https://other"), id: id) }
        #expect(throws: SessionVaultError.unknownProvider("gone")) { try here.open(row.with(provider: "gone"), id: id) }
        for client in [
            SessionClient(provider: "default", issuer: "https://elsewhere", clientID: "client-1"),
            SessionClient(provider: "default", issuer: Self.client.issuer, clientID: "client-2"),
        ] {
            let there = try vault(client: client)
            #expect(throws: SessionVaultError.doesNotOpen) { try there.open(row, id: id) }
        }
        let two = try SessionVault(
            keys: [StoreFixture.key(1)],
            clients: [Self.client, SessionClient(provider: "b", issuer: Self.client.issuer, clientID: "client-1")])
        #expect(throws: SessionVaultError.doesNotOpen) { try two.open(row.with(provider: "b"), id: id) }
    }

    @Test("B42 the first key seals, all open, and a missing one is named")
    func rotation() throws {
        let id = try SessionID.make()
        let (old, both, new) = (try vault([1]), try vault([2, 1]), try vault([2]))
        let row = try sealed(id, old)
        let oldKey = try #require(old.keyIDs.first)
        #expect(oldKey.text.utf8.count == 16 && row.body.key == oldKey)
        #expect(try both.open(row, id: id).session.subject == "alice")
        #expect(throws: SessionVaultError.unknownKey(oldKey)) { try new.open(row, id: id) }
        // Sealed again under the new list, it no longer needs the old key.
        let resealed = try sealed(id, both)
        #expect(try new.open(resealed, id: id).session.subject == "alice")
        #expect(both.users(issuer: "i", subject: "s").count == 2)
        #expect(both.users(issuer: "i", subject: "s").contains(old.users(issuer: "i", subject: "s")[0]))
    }

    @Test("B41 look-up digests need the key, and columns are worlds apart")
    func lookUps() throws {
        let (one, two) = (try vault([1]), try vault([2]))
        #expect(one.users(issuer: "i", subject: "s") != two.users(issuer: "i", subject: "s"))
        #expect(one.users(issuer: "i", subject: "s") != one.providerSIDs(issuer: "i", sid: "s"))
        #expect(one.users(issuer: "ab", subject: "c") != one.users(issuer: "a", subject: "bc"))
        #expect(one.users(issuer: "i", subject: "s") == (try vault([1])).users(issuer: "i", subject: "s"))
    }

    @Test("B41 documents are sealed the same way, with their time")
    func documents() throws {
        let vault = try vault()
        let content = Array("{}".utf8)
        let sealed = try vault.seal(document: content, kind: "keys", provider: "default", fetchedAt: Self.now)
        #expect(vault.documentNames(kind: "keys", provider: "default") == [sealed.name])
        let opened = try vault.open(sealed, provider: "default")
        #expect(opened.content == content && opened.fetchedAt == Self.now)
        let other = try vault.seal(document: content, kind: "metadata", provider: "default", fetchedAt: Self.now)
        let moved = SealedDocument(name: other.name, content: sealed.content)
        #expect(throws: SessionVaultError.doesNotOpen) { try vault.open(moved, provider: "default") }
    }

    @Test("a vault needs a key, and keys of 32 bytes")
    func keys() throws {
        #expect(throws: SessionVaultError.noKey) { try SessionVault(keys: [], clients: []) }
        #expect(throws: SessionVaultError.keyLength(position: 1)) {
            try SessionVault(keys: [StoreFixture.key(1), Secret([1, 2, 3])], clients: [])
        }
    }
}

extension SealedSession {
    func with(
        digest: SHA256Digest? = nil, site: String? = nil, provider: String? = nil, createdAt: Timestamp? = nil,
        absoluteEnd: Timestamp? = nil
    ) -> SealedSession {
        SealedSession(
            digest: digest ?? self.digest, site: site ?? self.site, provider: provider ?? self.provider,
            createdAt: createdAt ?? self.createdAt, absoluteEnd: absoluteEnd ?? self.absoluteEnd,
            tokenVersion: tokenVersion, body: body, listing: listing, sweepAfter: sweepAfter)
    }
}

extension SealedListing {
    func with(record: SealedPart) -> SealedListing {
        SealedListing(record: record, publicID: publicID, user: user, providerSID: providerSID)
    }
}
