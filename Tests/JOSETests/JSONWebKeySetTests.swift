import Cryptography
import Formats
import JOSE
import Testing

@Suite("JSONWebKeySet")
struct JSONWebKeySetTests {
    private var key: JSONObject { JSONWebKey(publicKey: TokenLab.key.publicKey, kid: "k").object }

    private func read(_ keys: [JSONObject]) throws -> JSONWebKeySet {
        try JSONWebKeySet(parsing: ["keys": .array(keys.map(JSONValue.object))])
    }

    @Test(
        "C40 what is no key set is refused",
        arguments: [[:], [], "keys", .null, 1, ["keys": [:]], ["keys": .null], ["keys": "x"], ["Keys": []]]
            as [JSONValue])
    func malformed(_ value: JSONValue) {
        #expect(throws: JOSEError.malformedKeySet) { try JSONWebKeySet(parsing: value) }
    }

    @Test("C40 a hundred keys, not one more")
    func limit() throws {
        #expect(try read(Array(repeating: key, count: 100)).keys.count == 100)
        #expect(throws: JOSEError.tooManyKeys) { try read(Array(repeating: key, count: 101)) }
        #expect(try read([]).keys.isEmpty)
    }

    @Test("C42 a broken key breaks nothing, and each says why it is not used")
    func warnings() throws {
        var off = key
        off["y"] = off["x"]
        var privateKey = key
        privateKey["d"] = "AAAA"
        var strangeUse = key
        strangeUse["use"] = 1
        var strangeOperations = key
        strangeOperations["key_ops"] = ["verify", 1]
        var padded = key
        padded["x"] = .string((key["x"]?.string ?? "") + "=")
        let weak: JSONObject = [
            "kty": "RSA", "e": "AQAB", "kid": "w", "n": .string(Base64URL.encode([UInt8](repeating: 0xFF, count: 128))),
        ]
        let set = try read([
            ["kty": "oct", "k": "AAAA", "kid": "o"], privateKey, off,
            ["kty": "EC", "crv": "secp256k1", "x": "", "y": ""],
            ["kty": "AKP"], weak, [:], strangeUse, strangeOperations, padded, ["kty": "OKP", "crv": "Ed448", "x": ""],
            key,
        ])
        #expect(set.keys.map(\.kid) == ["k"])
        #expect(
            set.warnings.map(\.problem) == [
                .symmetric, .privateKey, .malformed, .unsupported, .unsupported, .weak, .malformed, .malformed,
                .malformed,
                .malformed, .unsupported,
            ])
        #expect(set.warnings.map(\.position) == Array(0...10))
        #expect(set.warnings[0].kid == "o" && set.warnings[5].kid == "w" && set.warnings[6].kid == nil)
    }

    @Test("C42 every private member disqualifies", arguments: ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
    func privateMembers(_ name: String) throws {
        var leaked = key
        leaked[name] = "AAAA"
        #expect(try read([leaked]).keys.isEmpty)
        #expect(try read([leaked]).warnings.map(\.problem) == [name == "k" ? .symmetric : .privateKey])
    }

    @Test("C8 candidates fit in every member")
    func candidates() throws {
        let p384 = TokenLab.make(.ec(.p384))
        let set = JSONWebKeySet([
            JSONWebKey(publicKey: TokenLab.key.publicKey, kid: "a"),
            JSONWebKey(publicKey: TokenLab.otherKey.publicKey, kid: "a", algorithm: .ES256),
            JSONWebKey(publicKey: p384.publicKey, kid: "a"), JSONWebKey(publicKey: TokenLab.key.publicKey, kid: nil),
        ])
        #expect(set.candidates(alg: .ES256, kid: "a").count == 2)
        #expect(set.candidates(alg: .ES384, kid: "a").count == 1)
        #expect(set.candidates(alg: .ES256, kid: "b").isEmpty)
        #expect(set.candidates(alg: .ES256, kid: nil).count == 3)
        #expect(set.candidates(alg: .RS256, kid: nil).isEmpty)
        #expect(set.candidates(alg: .EdDSA, kid: "a").isEmpty)
    }

    @Test(
        "a published key is read back whole",
        arguments: [.rsa(bits: 2048), .ec(.p256), .ec(.p521), .ed25519] as [PrivateKey.Kind])
    func roundTrip(_ kind: PrivateKey.Kind) throws {
        let key = JSONWebKey(publicKey: TokenLab.make(kind).publicKey, kid: "x")
        let read = try JSONWebKey(parsing: .object(key.object))
        #expect(read == key)
        #expect(read.use == "sig" && read.kid == "x" && read.alg == nil && read.keyOps == nil)
        #expect(["RSA": nil, "EC": read.crv, "OKP": "Ed25519"][read.kty] == read.crv)
        #expect(!key.object.names.contains("d"))
    }
}
