import Cryptography
import Formats
import JOSE
import Testing

@Suite("JSONWebToken and TokenSigner")
struct JSONWebTokenTests {
    @Test("C1 a token over the limit is refused before it is read")
    func limit() throws {
        let token = try TokenLab.token(["sub": "alice", "pad": .string(String(repeating: "x", count: 1000))])
        _ = try JSONWebToken.parse(token, limit: token.utf8.count)
        #expect(throws: JOSEError.tooLarge) { try JSONWebToken.parse(token, limit: token.utf8.count - 1) }
        #expect(throws: JOSEError.tooLarge) { try JSONWebToken.parse(String(repeating: ".", count: 70_000)) }
    }

    @Test("what is signed is read again", arguments: SignatureAlgorithm.allCases)
    func roundTrip(_ algorithm: SignatureAlgorithm) throws {
        let key =
            switch algorithm.scheme {
            case .rsaPKCS1, .rsaPSS: RSALab.key
            case .ecdsa(let curve): TokenLab.make(.ec(curve))
            case .ed25519: TokenLab.make(.ed25519)
            }
        let keys = JSONWebKeySet([JSONWebKey(publicKey: key.publicKey, kid: "k", algorithm: algorithm)])
        let claims: JSONObject = ["sub": "alice", "n": 1, "é": ["x": .null]]
        let token = try TokenSigner.sign(
            header: ["alg": "none", "x": 1], claims: claims, key: key, kid: "k", algorithm: algorithm, typ: "JWT")
        let parsed = try JSONWebToken.parse(token)
        #expect(parsed.algorithm == algorithm.rawValue && parsed.kid == "k" && parsed.typ == "JWT")
        let published = try JSONWebKeySet(parsing: JSONValue(parsing: keys.object.encoded))
        let verified = try parsed.verified(with: published, allowed: [algorithm])
        #expect(verified.claims == claims)
        #expect(verified.algorithm == algorithm)
        // `alg` of further members never wins.
        #expect(verified.header == ["alg": .string(algorithm.rawValue), "typ": "JWT", "kid": "k", "x": 1])
        #expect(throws: JOSEError.algorithmNotAllowed) { try parsed.verified(with: published, allowed: []) }
        for other in SignatureAlgorithm.allCases where other != algorithm {
            #expect(throws: JOSEError.algorithmNotAllowed) { try parsed.verified(with: published, allowed: [other]) }
        }
    }

    @Test("a key signs only what it can")
    func wrongKey() {
        #expect(throws: CryptographyError.wrongKey) {
            try TokenSigner.sign(claims: [:], key: TokenLab.key, kid: nil, algorithm: .RS256, typ: nil)
        }
        #expect(throws: CryptographyError.wrongKey) {
            try TokenSigner.sign(claims: [:], key: TokenLab.key, kid: nil, algorithm: .ES384, typ: nil)
        }
    }

    @Test("C3 the list is judged before keys and kind")
    func order() throws {
        let token = try JSONWebToken.parse(TokenLab.token(typ: "at+jwt", kid: "unknown", key: TokenLab.otherKey))
        #expect(throws: JOSEError.algorithmNotAllowed) {
            try token.verified(with: JSONWebKeySet([]), allowed: [.RS256])
        }
        #expect(throws: JOSEError.wrongType) { try token.verified(with: JSONWebKeySet([]), allowed: [.ES256]) }
    }

    @Test("C3 only signatures can be allowed; the default list is four names")
    func list() {
        for name in [
            "none", "HS256", "HS384", "HS512", "A128KW", "dir", "RSA1_5", "ES256K", "Ed448", "", "rs256", "RS256 ",
        ] {
            #expect(SignatureAlgorithm(name: name) == nil)
        }
        #expect(SignatureAlgorithm.standard.map(\.rawValue) == ["RS256", "PS256", "ES256", "EdDSA"])
        for algorithm in SignatureAlgorithm.allCases {
            #expect(SignatureAlgorithm(name: algorithm.rawValue) == algorithm)
        }
    }

    @Test("C10 which refusals are worth another look at the keys")
    func suggestsNewKeys() throws {
        #expect(JOSEError.allCases.filter(\.suggestsNewKeys) == [.noKey, .badSignatureWithoutKeyID])
        let unknown = try JSONWebToken.parse(TokenLab.token(kid: "new"))
        #expect(throws: JOSEError.noKey) { try unknown.verified(with: TokenLab.keys, allowed: [.ES256]) }
        let anonymous = try JSONWebToken.parse(TokenLab.token(kid: nil, key: TokenLab.otherKey))
        #expect(throws: JOSEError.badSignatureWithoutKeyID) {
            try anonymous.verified(with: TokenLab.keys, allowed: [.ES256])
        }
        let forged = try JSONWebToken.parse(TokenLab.token(key: TokenLab.otherKey))
        #expect(throws: JOSEError.badSignature) { try forged.verified(with: TokenLab.keys, allowed: [.ES256]) }
    }

    @Test("C43 keys of one issuer never verify tokens of another, whatever their kid")
    func issuers() throws {
        let theirs = JSONWebKeySet([JSONWebKey(publicKey: TokenLab.otherKey.publicKey, kid: "k")])
        let token = try JSONWebToken.parse(TokenLab.token(["iss": "https://a.example"]))
        _ = try token.verified(with: TokenLab.keys, allowed: [.ES256])
        #expect(throws: JOSEError.badSignature) { try token.verified(with: theirs, allowed: [.ES256]) }
    }

    @Test("C29 every refusal has a name of its own for the log")
    func names() {
        #expect(Set(JOSEError.allCases.map(\.rawValue)).count == JOSEError.allCases.count)
    }

    @Test("C26 claims of odd names are data like others")
    func oddNames() throws {
        let claims: JSONObject = ["__proto__": ["admin": true], "": 1, "constructor": "x", "sub": "alice"]
        let verified = try JSONWebToken.parse(TokenLab.token(claims)).verified(with: TokenLab.keys, allowed: [.ES256])
        #expect(verified.claims == claims)
        #expect(verified.claims["admin"] == nil)
    }

    @Test("C26 a claim of a mebibyte is over the cap")
    func hugeClaim() throws {
        let token = try TokenLab.token(["x": .string(String(repeating: "a", count: 1 << 20))])
        #expect(throws: JOSEError.tooLarge) { try JSONWebToken.parse(token) }
    }
}

/// An RSA key, found once.
enum RSALab {
    static let key = TokenLab.make(.rsa(bits: 2048))
}
