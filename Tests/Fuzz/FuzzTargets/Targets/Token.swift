import Bytes
import Formats
import JOSE
import Time

extension FuzzTarget {
    /// A token as it came; or, where the input has a line end, its header before and its claims behind it, so that the
    /// search need not learn base64url first.
    static let token = FuzzTarget(name: "token") { input in
        let bytes = Array(input)
        var text = String(decoding: bytes, as: UTF8.self)
        if let line = bytes.firstIndex(of: 0x0A) {
            let parts = [Array(bytes[..<line]), Array(bytes[(line + 1)...]), [UInt8](repeating: 1, count: 64)]
            text = parts.map { Base64URL.encode($0) }.joined(separator: ".")
        }
        guard let token = try? JSONWebToken.parse(text) else { return }
        for part in text.split(separator: ".", omittingEmptySubsequences: false) {
            let decoded = Base64URL.decode(String(part))
            require(decoded.map { Base64URL.encode($0) } == String(part), "a second spelling")
        }
        require(!token.header.contains("crit"), "a critical extension")
        for kind in TokenKind.allCases {
            guard let verified = try? token.verified(with: keys, allowed: SignatureAlgorithm.allCases, as: kind) else {
                continue
            }
            // The one signature in the world by this key; the other root of S verifies too.
            require(verified.claims == honest, "a forgery: \(text)")
        }
        check(token.claims)
    }

    /// RFC 7515, appendix A.3.
    private static let keys = JSONWebKeySet(
        [
            try? JSONWebKey(parsing: [
                "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            ])
        ].compactMap { $0 })
    private static let honest: JSONObject = ["iss": "joe", "exp": 1_300_819_380, "http://example.com/is_root": true]

    /// No claim stops the program, and what is believed is inside its limits.
    private static func check(_ claims: JSONObject) {
        let now = Timestamp(seconds: 1_800_000_000)
        let skew = Duration.seconds(60)
        if let expiry = try? ClaimCheck.expiry(claims, now: now, skew: skew) {
            require(expiry > now - skew && expiry.seconds <= 253_402_300_799, "an expiry out of range")
        }
        if let issued = try? ClaimCheck.issuedAt(claims, now: now, skew: skew, earliest: now - skew) {
            require(issued <= now + skew && issued >= now - skew - skew, "a time of issue out of range")
        }
        if let subject = try? ClaimCheck.subject(claims) {
            require((1...255).contains(subject.utf8.count), "a subject out of range")
        }
        try? ClaimCheck.notBefore(claims, now: now, skew: skew)
        try? ClaimCheck.issuer(claims, is: "https://id.example")
        try? ClaimCheck.audience(claims, is: "client", toleratingOthers: true)
        try? ClaimCheck.audience(claims, contains: "https://api.example")
        try? ClaimCheck.nonce(claims, is: "nonce")
        _ = try? ClaimCheck.authenticationTime(
            claims, isRequired: true, maxAge: .seconds(600), now: now, skew: skew)
        _ = try? ClaimCheck.authenticationContext(claims, oneOf: ["urn:mfa"])
        try? ClaimCheck.accessTokenHash(claims, accessToken: "token", algorithm: .RS256)
        try? ClaimCheck.codeHash(claims, code: "code", algorithm: .EdDSA)
    }
}
