import Cryptography
import Formats
import JOSE
import Testing

/// Signatures that others made and published.
@Suite("Known answers")
struct KnownAnswerTests {
    private func keySet(_ key: JSONValue) throws -> JSONWebKeySet {
        let set = try JSONWebKeySet(parsing: ["keys": [key]])
        #expect(set.warnings.isEmpty)
        return set
    }

    /// RFC 7515, appendix A.2.1.
    static let rsaKey: JSONValue = [
        "kty": "RSA",
        "n": .string(
            "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_"
                + "YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uD"
                + "Zlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
        ),
        "e": "AQAB",
    ]

    static let payload =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

    @Test("C11 RFC 7515 appendix A.2: RS256")
    func rs256() throws {
        let token =
            "eyJhbGciOiJSUzI1NiJ9." + Self.payload + "."
            + "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQ"
            + "jbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqt"
            + "FZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
        let verified = try JSONWebToken.parse(token).verified(with: keySet(Self.rsaKey), allowed: [.RS256])
        #expect(verified.claims == ["iss": "joe", "exp": 1_300_819_380, "http://example.com/is_root": true])
        #expect(verified.algorithm == .RS256)
    }

    @Test("C12 RFC 7515 appendix A.3: ES256")
    func es256() throws {
        let key: JSONValue = [
            "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        ]
        let token =
            "eyJhbGciOiJFUzI1NiJ9." + Self.payload
            + ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
        let verified = try JSONWebToken.parse(token).verified(with: keySet(key), allowed: [.ES256])
        #expect(verified.claims["iss"] == "joe")
    }

    @Test("C12 RFC 8037 appendix A.4: Ed25519, whose payload is no JSON")
    func ed25519() throws {
        let key = try JSONWebKey(
            parsing: ["kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"])
        let input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
        let signature =
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        #expect(key.publicKey.verify(try #require(Base64URL.decode(signature)), of: Array(input.utf8), .ed25519))
        #expect(throws: JOSEError.malformedClaims) { try JSONWebToken.parse(input + "." + signature) }
    }

    @Test("RFC 7638 section 3.1 and RFC 8037 appendix A.3: thumbprints")
    func thumbprints() throws {
        let rsa: JSONValue = [
            "kty": "RSA",
            "n": .string(
                "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64t"
                    + "Z_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbO"
                    + "pbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
            ),
            "e": "AQAB", "alg": "RS256", "kid": "2011-04-29",
        ]
        #expect(try JSONWebKey(parsing: rsa).thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
        let ed25519: JSONValue = ["kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"]
        #expect(try JSONWebKey(parsing: ed25519).thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
    }

    @Test("C23 OpenID Connect Core appendix A.3: at_hash")
    func accessTokenHash() throws {
        // The example of section A.3: access token and the at_hash of its ID token.
        let claims: JSONObject = ["at_hash": "77QmUPtjPfzWtF2AnpK9RQ"]
        try ClaimCheck.accessTokenHash(
            claims, accessToken: "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", algorithm: .RS256)
    }
}
