import Bytes
import Formats
import Time

/// What is inside a sealed row, as JSON: members that a later version adds are passed over by an earlier one.
enum SessionRecord {
    // MARK: the body

    static func encode(_ session: Session) -> [UInt8] {
        var members: [(String, JSONValue)] = [
            ("id", .string(session.publicID)), ("sid", .string(session.logoutID)), ("iss", .string(session.issuer)),
            ("sub", .string(session.subject)), ("created", time(session.createdAt)),
            ("end", time(session.absoluteEnd)), ("version", .integer(session.tokenVersion)),
            ("claims", .object(session.claims)),
        ]
        if let sid = session.providerSID { members.append(("provider_sid", .string(sid))) }
        if let at = session.authTime { members.append(("auth_time", time(at))) }
        if let acr = session.acr { members.append(("acr", .string(acr))) }
        if let scope = session.scope { members.append(("scope", .string(scope))) }
        if let tokens = session.tokens { members.append(("tokens", encode(tokens))) }
        return JSONValue.object(JSONObject(members)).encoded
    }

    private static func encode(_ tokens: TokenSet) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("access", text(tokens.accessToken)), ("type", .string(tokens.tokenType)),
            ("obtained", time(tokens.obtainedAt)),
        ]
        if let at = tokens.expiresAt { members.append(("expires", time(at))) }
        if let token = tokens.refreshToken { members.append(("refresh", text(token))) }
        if let token = tokens.idToken { members.append(("id", text(token))) }
        return .object(JSONObject(members))
    }

    /// The session in a body that opened; nil when it is not one.
    static func decodeSession(_ bytes: [UInt8], site: String, provider: String) -> Session? {
        guard let json = parse(bytes), let publicID = json["id"]?.string, let logoutID = json["sid"]?.string,
            let issuer = json["iss"]?.string, let subject = json["sub"]?.string, let created = time(json["created"]),
            let end = time(json["end"]), let version = json["version"]?.integer, let claims = json["claims"]?.object
        else { return nil }
        var tokens: TokenSet?
        if let inner = json["tokens"] {
            guard let decoded = decodeTokens(inner) else { return nil }
            tokens = decoded
        }
        return Session(
            publicID: publicID, logoutID: logoutID, site: site, provider: provider, issuer: issuer, subject: subject,
            providerSID: json["provider_sid"]?.string, createdAt: created, absoluteEnd: end, claims: claims,
            authTime: time(json["auth_time"]), acr: json["acr"]?.string, scope: json["scope"]?.string, tokens: tokens,
            tokenVersion: version)
    }

    private static func decodeTokens(_ json: JSONValue) -> TokenSet? {
        guard let access = json["access"]?.string, let type = json["type"]?.string,
            let obtained = time(json["obtained"])
        else { return nil }
        return TokenSet(
            accessToken: Secret(access), tokenType: type, obtainedAt: obtained, expiresAt: time(json["expires"]),
            refreshToken: json["refresh"]?.string.map { Secret($0) }, idToken: json["id"]?.string.map { Secret($0) })
    }

    // MARK: the listing

    static func encode(_ listing: SessionListing) -> [UInt8] {
        var members: [(String, JSONValue)] = [
            ("id", .string(listing.publicID)), ("iss", .string(listing.issuer)), ("sub", .string(listing.subject)),
            ("created", time(listing.createdAt)), ("seen", time(listing.lastSeen)),
            ("device", .string(listing.device)), ("address", .string(listing.address)),
        ]
        if let sid = listing.providerSID { members.append(("provider_sid", .string(sid))) }
        return JSONValue.object(JSONObject(members)).encoded
    }

    static func decodeListing(_ bytes: [UInt8]) -> SessionListing? {
        guard let json = parse(bytes), let publicID = json["id"]?.string, let issuer = json["iss"]?.string,
            let subject = json["sub"]?.string, let created = time(json["created"]), let seen = time(json["seen"]),
            let device = json["device"]?.string, let address = json["address"]?.string
        else { return nil }
        return SessionListing(
            publicID: publicID, issuer: issuer, subject: subject, providerSID: json["provider_sid"]?.string,
            createdAt: created, lastSeen: seen, device: device, address: address)
    }

    // MARK: a document

    static func encode(_ content: [UInt8], fetchedAt: Timestamp) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: fetchedAt.milliseconds >> (56 - 8 * $0)) } + content
    }

    static func decodeDocument(_ bytes: [UInt8]) -> (content: [UInt8], fetchedAt: Timestamp)? {
        guard bytes.count >= 8 else { return nil }
        let milliseconds = bytes[..<8].reduce(Int64(0)) { $0 << 8 | Int64($1) }
        return (Array(bytes[8...]), Timestamp(milliseconds: milliseconds))
    }

    // MARK: parts

    /// Sealed by us, so the limits only bound what a bug could do.
    private static let limits = JSONLimits(bytes: 16 << 20, depth: 64)

    private static func parse(_ bytes: [UInt8]) -> JSONValue? {
        try? JSONValue(parsing: bytes.span, limits: limits)
    }

    private static func time(_ time: Timestamp) -> JSONValue { .integer(time.milliseconds) }
    private static func time(_ value: JSONValue?) -> Timestamp? {
        value?.integer.map { Timestamp(milliseconds: $0) }
    }
    /// Tokens came out of a JSON text, hence are UTF-8.
    private static func text(_ secret: Secret) -> JSONValue {
        .string(String(decoding: secret.exposed, as: UTF8.self))
    }
}
