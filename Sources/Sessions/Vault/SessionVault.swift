package import Bytes
package import Cryptography
package import Time

/// Seals sessions for a store, and opens them (B41).
///
/// The body of a session (tokens and claims) opens only with a list key *and* the browser's cookie: neither a copy of the
/// database nor one of the key list nor both tell a token. What lists and logout need opens with the list key alone.
package struct SessionVault: Sendable {
    /// The first seals, all open.
    private let keys: [ListKey]
    private let first: ListKey
    private let clients: [String: SessionClient]

    /// - Parameters:
    ///   - keys: 32 bytes each, at least one.
    ///   - clients: the providers of the configuration; a row of any other opens no more.
    package init(keys: [Secret], clients: [SessionClient]) throws(SessionVaultError) {
        for (position, key) in keys.enumerated() where key.count != 32 { throw .keyLength(position: position) }
        do throws(CryptographyError) {
            var list: [ListKey] = []
            for key in keys { list.append(try ListKey(key)) }
            self.keys = list
        } catch {
            throw .sealing
        }
        guard let first = self.keys.first else { throw .noKey }
        self.first = first
        self.clients = Dictionary(clients.map { ($0.provider, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// A key for a store that keeps nothing.
    package static func randomKey() throws(SessionVaultError) -> Secret {
        do throws(CryptographyError) { return Secret(try RandomBytes.make(32)) } catch { throw .sealing }
    }

    /// The names of all keys of the list.
    package var keyIDs: Set<SessionKeyID> { Set(keys.map(\.id)) }

    // MARK: sessions

    /// Seals a session under the first key.
    package func seal(
        _ session: Session, _ listing: SessionListing, id: SessionID, sweepAfter: Timestamp
    ) throws(SessionVaultError) -> SealedSession {
        let context = try context(site: session.site, provider: session.provider, row: id.digest.bytes)
        let body: SealedPart
        do throws(CryptographyError) {
            body = try first.seal(
                SessionRecord.encode(session), label: Label.body, with: id.cookieValue.exposed,
                associatedData: context.associatedData("body"))
        } catch {
            throw .sealing
        }
        return SealedSession(
            digest: id.digest, site: session.site, provider: session.provider, createdAt: session.createdAt,
            absoluteEnd: session.absoluteEnd, tokenVersion: session.tokenVersion, body: body,
            listing: try seal(listing, digest: id.digest, site: session.site, provider: session.provider),
            sweepAfter: sweepAfter)
    }

    /// Opens a live row with the cookie that found it.
    package func open(
        _ row: SealedSession, id: SessionID
    ) throws(SessionVaultError) -> (session: Session, listing: SessionListing) {
        let session = try openBody(row, id: id)
        guard let sealed = row.listing else { throw .contradiction }
        let listing = try open(sealed, digest: row.digest, site: row.site, provider: row.provider)
        guard listing.issuer == session.issuer, listing.subject == session.subject,
            listing.publicID == session.publicID, listing.createdAt == session.createdAt
        else { throw .contradiction }
        return (session, listing)
    }

    /// Opens what a tombstone keeps, so that its tokens can be revoked: no session any more (B42).
    package func openTombstone(_ row: SealedSession, id: SessionID) throws(SessionVaultError) -> EndedSession {
        let session = try openBody(row, id: id)
        return EndedSession(
            digest: row.digest, publicID: session.publicID, provider: session.provider, subject: session.subject,
            tokens: session.tokens)
    }

    private func openBody(_ row: SealedSession, id: SessionID) throws(SessionVaultError) -> Session {
        guard row.digest == id.digest else { throw .doesNotOpen }
        let context = try context(site: row.site, provider: row.provider, row: id.digest.bytes)
        let plaintext = try open(
            row.body, label: Label.body, with: id.cookieValue.exposed, context.associatedData("body"))
        guard
            let session = SessionRecord.decodeSession(plaintext, site: row.site, provider: row.provider),
            session.issuer == context.client.issuer, session.createdAt == row.createdAt,
            session.absoluteEnd == row.absoluteEnd, session.tokenVersion == row.tokenVersion
        else { throw .contradiction }
        return session
    }

    // MARK: listings

    /// Seals a listing record under the first key.
    package func seal(
        _ listing: SessionListing, digest: SHA256Digest, site: String, provider: String
    ) throws(SessionVaultError) -> SealedListing {
        let context = try context(site: site, provider: provider, row: digest.bytes)
        do throws(CryptographyError) {
            let record = try first.seal(
                SessionRecord.encode(listing), label: Label.listing, with: [],
                associatedData: context.associatedData("listing"))
            return SealedListing(
                record: record, publicID: Self.publicID(listing.publicID, first),
                user: Self.user(listing.issuer, listing.subject, first),
                providerSID: listing.providerSID.map { Self.providerSID(listing.issuer, $0, first) })
        } catch {
            throw .sealing
        }
    }

    /// Opens a listing record, and compares it with its look-up columns.
    package func open(
        _ listing: SealedListing, digest: SHA256Digest, site: String, provider: String
    ) throws(SessionVaultError) -> SessionListing {
        let context = try context(site: site, provider: provider, row: digest.bytes)
        let plaintext = try open(
            listing.record, label: Label.listing, with: [], context.associatedData("listing"))
        guard let key = keys.first(where: { $0.id == listing.record.key }),
            let record = SessionRecord.decodeListing(plaintext), record.issuer == context.client.issuer,
            Self.publicID(record.publicID, key) == listing.publicID,
            Self.user(record.issuer, record.subject, key) == listing.user,
            record.providerSID.map({ Self.providerSID(record.issuer, $0, key) }) == listing.providerSID
        else { throw .contradiction }
        return record
    }

    // MARK: look-ups, under every key

    package func users(issuer: String, subject: String) -> [SHA256Digest] {
        keys.map { Self.user(issuer, subject, $0) }
    }

    package func providerSIDs(issuer: String, sid: String) -> [SHA256Digest] {
        keys.map { Self.providerSID(issuer, sid, $0) }
    }

    package func publicIDs(_ id: String) -> [SHA256Digest] { keys.map { Self.publicID(id, $0) } }

    private static func user(_ issuer: String, _ subject: String, _ key: ListKey) -> SHA256Digest {
        key.lookUp("user", [issuer, subject])
    }

    private static func providerSID(_ issuer: String, _ sid: String, _ key: ListKey) -> SHA256Digest {
        key.lookUp("provider sid", [issuer, sid])
    }

    private static func publicID(_ id: String, _ key: ListKey) -> SHA256Digest { key.lookUp("public id", [id]) }

    // MARK: documents

    /// Seals the last good copy of a provider's document; `kind` is `metadata` or `keys`.
    package func seal(
        document: [UInt8], kind: String, provider: String, fetchedAt: Timestamp
    ) throws(SessionVaultError) -> SealedDocument {
        let client = try client(provider)
        let name = Self.documentName(kind, client, first)
        let context = Context(site: "", client: client, row: name.bytes)
        do throws(CryptographyError) {
            let content = try first.seal(
                SessionRecord.encode(document, fetchedAt: fetchedAt), label: Label.document, with: [],
                associatedData: context.associatedData("document"))
            return SealedDocument(name: name, content: content)
        } catch {
            throw .sealing
        }
    }

    package func open(
        _ document: SealedDocument, provider: String
    ) throws(SessionVaultError) -> (content: [UInt8], fetchedAt: Timestamp) {
        let context = Context(site: "", client: try client(provider), row: document.name.bytes)
        let plaintext = try open(
            document.content, label: Label.document, with: [], context.associatedData("document"))
        guard let opened = SessionRecord.decodeDocument(plaintext) else { throw .contradiction }
        return opened
    }

    /// The names under which a document may be kept, the present key's first.
    package func documentNames(kind: String, provider: String) -> [SHA256Digest] {
        guard let client = clients[provider] else { return [] }
        return keys.map { Self.documentName(kind, client, $0) }
    }

    private static func documentName(_ kind: String, _ client: SessionClient, _ key: ListKey) -> SHA256Digest {
        key.lookUp("document", [kind, client.provider, client.issuer, client.clientID])
    }

    // MARK: what a box is bound to

    /// One label a purpose: a box of one kind never opens as another.
    private enum Label {
        static let body = "postern session body"
        static let listing = "postern session listing"
        static let document = "postern provider document"
    }

    private struct Context {
        let site: String
        let client: SessionClient
        let row: [UInt8]

        /// Version, site, provider, issuer, client, row and column, each behind its length (B41).
        func associatedData(_ column: String) -> [UInt8] {
            var data = LengthPrefixed()
            data.append("1")
            data.append(site)
            data.append(client.provider)
            data.append(client.issuer)
            data.append(client.clientID)
            data.append(row)
            data.append(column)
            return data.bytes
        }
    }

    private func context(site: String, provider: String, row: [UInt8]) throws(SessionVaultError) -> Context {
        Context(site: site, client: try client(provider), row: row)
    }

    private func client(_ provider: String) throws(SessionVaultError) -> SessionClient {
        guard let client = clients[provider] else { throw .unknownProvider(provider) }
        return client
    }

    private func open(
        _ part: SealedPart, label: String, with: [UInt8], _ associatedData: [UInt8]
    ) throws(SessionVaultError) -> [UInt8] {
        guard let key = keys.first(where: { $0.id == part.key }) else { throw .unknownKey(part.key) }
        do throws(CryptographyError) {
            return try key.open(part, label: label, with: with, associatedData: associatedData)
        } catch {
            // A session must not end because memory ran out.
            throw error == .notAuthentic || error == .length ? .doesNotOpen : .sealing
        }
    }
}
