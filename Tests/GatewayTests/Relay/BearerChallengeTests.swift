import HTTP
import Testing

@testable import Gateway

struct BearerChallengeTests {
    @Test(
        "B31, A62 a Bearer challenge with invalid_token is found among others",
        arguments: [
            "Bearer error=\"invalid_token\"", "bearer error=invalid_token",
            "BEARER realm=\"x\", error=\"invalid_token\"",
            "Basic realm=\"a, Bearer b\", Bearer realm=\"x\" , error = \"invalid_token\"",
            "Negotiate, Bearer scope=\"a b\",error=\"invalid_token\",error_description=\"x\"",
            "Bearer realm=\"quoted \\\" , \", error=\"invalid_token\"",
        ])
    func found(value: String) {
        let isFound = BearerChallenge.refusesToken(value.utf8Span.span)
        #expect(isFound)
    }

    @Test(
        "B31 nothing else is taken for one",
        arguments: [
            "", "Bearer", "Bearer error=\"insufficient_scope\"", "Basic error=\"invalid_token\"",
            "DPoP error=\"invalid_token\"", "Bearer realm=\"error=\\\"invalid_token\\\"\"",
            "Bearer realm=\"x\", Basic error=\"invalid_token\"", "Bearer xerror=\"invalid_token\"",
            "Bearer error=\"invalid_token", "Bearer error=\"invalid_tokens\"", "Bearer, Digest error=invalid_token",
            "error=\"invalid_token\"", ",,,", "\"", "Bearer \\", "=", "Bearer =",
        ])
    func notFound(value: String) {
        let isFound = BearerChallenge.refusesToken(value.utf8Span.span)
        #expect(!isFound)
    }

    @Test("B31 every line counts")
    func lines() {
        var fields = Fields()
        fields.append(.wwwAuthenticate, utf8: "Basic realm=x")
        let before = BearerChallenge.refusesToken(fields)
        #expect(!before)
        fields.append(.wwwAuthenticate, utf8: "Bearer error=\"invalid_token\"")
        let after = BearerChallenge.refusesToken(fields)
        #expect(after)
    }
}
