import Formats
import Testing

@testable import OpenIDConnect

@Suite("UserClaims") struct UserClaimsTests {
    private func user(_ claims: JSONObject, _ change: (inout ProviderSettings) -> Void = { _ in }) -> UserClaims {
        var settings = ProviderSettings(issuer: "https://idp", clientID: "c")
        change(&settings)
        return UserClaims(claims, settings)
    }

    @Test("Dotted paths lead into nested claims; a claim whose name has dots is found first")
    func paths() {
        let claims: JSONObject = [
            "realm_access": ["roles": ["a"], "deep": ["er": 1]], "https://example.com/roles": ["b"],
            "a.b": "whole", "a": ["b": "nested", "c": .null], "https://x.com/app": ["roles": ["c"]],
        ]
        #expect(ClaimPath("realm_access.roles").value(in: claims) == ["a"])
        #expect(ClaimPath("realm_access.deep.er").value(in: claims) == 1)
        #expect(ClaimPath("https://example.com/roles").value(in: claims) == ["b"])
        #expect(ClaimPath("https://x.com/app.roles").value(in: claims) == ["c"])
        #expect(ClaimPath("a.b").value(in: claims) == "whole")
        for path in ["a.c", "a.x", "x", "", ".", "a.", ".a", "realm_access.roles.0"] {
            #expect(ClaimPath(path).value(in: claims) == nil, "\(path)")
        }
    }

    @Test("C27 an e-mail address counts only when the provider vouches for it")
    func email() {
        let verified = user(["email": "a@x", "email_verified": true])
        #expect(verified.email == "a@x" && verified.value("email") == "a@x" && !verified.hasUnverifiedEmail)
        for value in [JSONValue.bool(false), "true", 1, .null] {
            let doubtful = user(["email": "a@x", "email_verified": value])
            #expect(doubtful.email == nil && doubtful.value("email") == nil && doubtful.hasUnverifiedEmail)
        }
        #expect(user(["email": "a@x"]).email == nil)
        #expect(user(["email": "a@x"]) { $0.tolerate = [.unverifiedEmail] }.email == "a@x")
        #expect(!user([:]).hasUnverifiedEmail)
        let elsewhere: JSONObject = ["contact": ["mail": "a@x", "mail_verified": true], "email": "b@x"]
        #expect(user(elsewhere) { $0.claims.email = "contact.mail" }.email == "a@x")
        #expect(user(elsewhere) { $0.claims.email = "contact.mail" }.value("email") == nil)
    }

    @Test("C26 a string is one value, a list is many, anything else is none")
    func groups() {
        #expect(user(["groups": "admins users"]).groups == ["admins users"])
        #expect(user(["groups": ["a", 7, "b", .null]]).groups == ["a", "b"])
        #expect(user(["groups": ["a": 1]]).groups == [])
        #expect(user(["realm_access": ["roles": ["r"]]]) { $0.claims.roles = "realm_access.roles" }.roles == ["r"])
        #expect(user(["preferred_username": "al"]) { $0.claims.user = "preferred_username" }.user == "al")
    }

    @Test("C26 what a browser sees: everything but protocol claims, or exactly what was chosen")
    func shown() {
        let claims: JSONObject = [
            "iss": "i", "sub": "s", "aud": "c", "exp": 1, "iat": 1, "nbf": 1, "jti": "j", "nonce": "n", "sid": "x",
            "at_hash": "h", "c_hash": "h", "s_hash": "h", "azp": "c", "auth_time": 1, "name": "Alice", "amr": ["pwd"],
            "nested": ["a": 1],
        ]
        #expect(user(claims).shown.map(\.name) == ["iss", "sub", "name", "amr", "nested"])
        let chosen = user(claims) { $0.userClaims = ["name", "nested.a", "missing", "sid"] }.shown
        #expect(chosen.map(\.name) == ["name", "nested.a", "sid"])
        #expect(chosen.map(\.value) == ["Alice", 1, "x"])
        #expect(user(claims) { $0.userClaims = [] }.shown.isEmpty)
    }
}
