import Formats
import JOSE
import Testing

@Suite("TokenKind")
struct TokenKindTests {
    private func outcome(_ typ: String?, _ kind: TokenKind, claims: JSONObject = ["sub": "alice"]) throws -> JOSEError?
    {
        let token = try JSONWebToken.parse(TokenLab.token(claims, typ: typ))
        do {
            _ = try token.verified(with: TokenLab.keys, allowed: [.ES256], as: kind)
            return nil
        } catch {
            return error
        }
    }

    static let foreign = [
        "dpop+jwt", "oauth-authz-req+jwt", "secevent+jwt", "client-authentication+jwt", "token-introspection+jwt",
        "x+jwt",
        "JWS", "JOSE", "application/", "", "application/json", "application/application/jwt", "text/jwt", "JWT ",
        " JWT", "at+jwt;v=1",
    ]

    @Test(
        "C7 no typ and JWT in any case are an ID token",
        arguments: [nil, "JWT", "jwt", "Jwt", "application/jwt", "APPLICATION/JWT"])
    func plain(_ typ: String?) throws {
        for kind in [TokenKind.idToken, .userInfo, .authorizationResponse, .logoutToken] {
            #expect(try outcome(typ, kind) == nil)
        }
    }

    @Test(
        "C7 tokens of another kind are no ID token",
        arguments: foreign + ["at+jwt", "logout+jwt", "application/at+jwt"])
    func otherKinds(_ typ: String) throws {
        for kind in [TokenKind.idToken, .userInfo, .authorizationResponse] {
            #expect(try outcome(typ, kind) == .wrongType)
        }
    }

    @Test("C7 the default is the strictest reading")
    func standard() throws {
        let token = try JSONWebToken.parse(TokenLab.token(typ: "at+jwt"))
        #expect(throws: JOSEError.wrongType) { try token.verified(with: TokenLab.keys, allowed: [.ES256]) }
    }

    @Test("C7 a token with events is no ID token, whatever the events")
    func events() throws {
        for events in [["http://schemas.openid.net/event/backchannel-logout": [:]], [:], .null, "x"] as [JSONValue] {
            for kind in [TokenKind.idToken, .userInfo, .authorizationResponse] {
                #expect(try outcome("JWT", kind, claims: ["sub": "alice", "events": events]) == .unexpectedEvents)
            }
            #expect(try outcome("at+jwt", .accessToken, claims: ["events": events]) == .unexpectedEvents)
            #expect(try outcome("logout+jwt", .logoutToken, claims: ["events": events]) == nil)
        }
    }

    @Test("F19 a logout token is logout+jwt, JWT or nothing")
    func logout() throws {
        for typ in ["logout+jwt", "LOGOUT+JWT", "application/logout+jwt", "JWT", nil] {
            #expect(try outcome(typ, .logoutToken) == nil)
        }
        for typ in Self.foreign + ["at+jwt"] { #expect(try outcome(typ, .logoutToken) == .wrongType) }
    }

    @Test("C61 an access token says so")
    func access() throws {
        for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+jwt"] {
            #expect(try outcome(typ, .accessToken) == nil)
        }
        for typ in Self.foreign + ["JWT", "logout+jwt", nil] { #expect(try outcome(typ, .accessToken) == .wrongType) }
    }
}
