import Bytes
import Formats
import Foundation
import Testing
import Time

@testable import OpenIDConnect

@Suite("TokenAnswer") struct TokenAnswerTests {
    private let now = Timestamp(seconds: 1_767_268_800)

    private func read(
        _ body: String, status: Int = 200, type: String? = "application/json",
        headers: [(name: String, value: String)] = []
    ) -> TokenAnswer {
        let fields = (type.map { [(name: "content-type", value: $0)] } ?? []) + headers
        return TokenAnswer(BackChannelResponse(status: status, headers: fields, body: Array(body.utf8)), now: now)
    }

    private func granted(_ members: String) -> TokenResponse? {
        let start = #"{"access_token":"at","token_type":"Bearer""#
        if case .granted(let response) = read(start + members + "}") { return response }
        return nil
    }

    @Test("B20 a whole answer")
    func success() throws {
        let answer = read(
            #"{"access_token":"at","token_type":"bearer","expires_in":300,"refresh_token":"rt","id_token":"it","scope":"a b","x":{}}"#,
            type: "application/json; charset=utf-8")
        guard case .granted(let response) = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(response.accessToken == Secret("at") && response.refreshToken == Secret("rt"))
        #expect(response.idToken == Secret("it") && response.scope == "a b" && response.expiresIn == .seconds(300))
    }

    @Test(
        "B20 B23 what is no success although it says 200",
        arguments: [
            ("<html>", "text/html", AnswerProblem.notJSON), ("{}", "text/html", .notJSON),
            ("", "application/json", .notJSON),
            ("[]", "application/json", .notJSON), ("null", "application/json", .notJSON),
            ("\"x\"", "application/json", .notJSON),
            ("{}", "application/json", .accessToken), (#"{"access_token":"a"}"#, "application/json", .tokenType),
            (#"{"access_token":"","token_type":"Bearer"}"#, "application/json", .accessToken),
            (#"{"access_token":7,"token_type":"Bearer"}"#, "application/json", .accessToken),
            (#"{"access_token":null,"token_type":"Bearer"}"#, "application/json", .accessToken),
            (#"{"access_token":["a"],"token_type":"Bearer"}"#, "application/json", .accessToken),
            (#"{"access_token":"a\r\nX: y","token_type":"Bearer"}"#, "application/json", .accessToken),
            (#"{"access_token":"a b","token_type":"Bearer"}"#, "application/json", .accessToken),
            (#"{"access_token":"é","token_type":"Bearer"}"#, "application/json", .accessToken),
            (#"{"access_token":"a","token_type":"Bearer","error":"x"}"#, "application/json", .errorInSuccess),
            (#"{"error":"invalid_grant"}"#, "application/json", .errorInSuccess),
            (#"{"access_token":"a","access_token":"b","token_type":"Bearer"}"#, "application/json", .notJSON),
            (#"{"access_token":"a","token_type":"Bearer"}x"#, "application/json", .notJSON),
            (#"{"access_token":"a","token_type":"Bearer",}"#, "application/json", .notJSON),
            ("\u{FEFF}" + #"{"access_token":"a","token_type":"Bearer"}"#, "application/json", .notJSON),
            (#"{"access_token":"a","token_type":"mac"}"#, "application/json", .tokenType),
            (#"{"access_token":"a","token_type":"N_A"}"#, "application/json", .tokenType),
            (#"{"access_token":"a","token_type":7}"#, "application/json", .tokenType),
            (#"{"access_token":"a","token_type":"Bearer","refresh_token":7}"#, "application/json", .member),
            (#"{"access_token":"a","token_type":"Bearer","id_token":{}}"#, "application/json", .member),
            (#"{"access_token":"a","token_type":"Bearer","id_token":"a b"}"#, "application/json", .member),
        ])
    func malformed(body: String, type: String, problem: AnswerProblem) {
        #expect(read(body, type: type) == .malformed(problem))
    }

    @Test("B20 other successes, redirects and missing types are none")
    func otherStatuses() {
        let body = #"{"access_token":"a","token_type":"Bearer"}"#
        for status in [201, 204, 206, 301, 302, 303, 307, 308] {
            #expect(read(body, status: status) == .malformed(.status))
        }
        #expect(read(body, type: nil) == .malformed(.notJSON))
        #expect(read(body, headers: [("content-type", "application/json")]) == .malformed(.notJSON), "two types")
        #expect(read("[" + String(repeating: "[", count: 5000)) == .malformed(.notJSON))
        #expect(
            read(body.replacingOccurrences(of: "\"a\"", with: "\"" + String(repeating: "a", count: 16_385) + "\""))
                == .malformed(.accessToken))
    }

    @Test("B21 token types in any case", arguments: ["bEARER", "Bearer", "BEARER", "dPOP", "DPoP"])
    func types(type: String) {
        guard case .granted(let response) = read(#"{"access_token":"a","token_type":"\#(type)"}"#) else {
            Issue.record("refused")
            return
        }
        #expect(response.kind == (type.lowercased() == "bearer" ? .bearer : .dpop))
    }

    @Test("B22 expires_in: numbers and digits count, nonsense is unknown")
    func lifetimes() throws {
        for (text, seconds) in [
            ("3600", Int64(3600)), ("\"3600\"", 3600), ("3600.9", 3600), ("1", 1), ("315360000", 315_360_000),
        ] {
            #expect(granted(#","expires_in":\#(text)"#)?.expiresIn == .seconds(seconds), "\(text)")
        }
        for text in [
            "0", "-1", "1e99", "\"\"", "\"abc\"", "\"-5\"", "\"1e3\"", "null", "true", "[]", "{}",
            "9223372036854775807",
            "0.5", "\"99999999999999999999999\"",
        ] {
            let response = try #require(granted(#","expires_in":\#(text)"#), "\(text)")
            #expect(response.expiresIn == nil, "\(text)")
        }
        #expect(granted("")?.expiresIn == nil)
        #expect(granted(#","expires_in":1e400"#) == nil)
    }

    @Test("B24 null and empty optional members count as absent; a scope that is no text is none")
    func optional() throws {
        let response = try #require(granted(#","refresh_token":null,"id_token":"","scope":["a"]"#))
        #expect(response.refreshToken == nil && response.idToken == nil && response.scope == nil)
    }

    @Test("B26 every error of RFC 6749, section 5.2, and what has none")
    func errors() {
        for code in [
            TokenErrorCode.invalidRequest, .invalidClient, .invalidGrant, .unauthorizedClient, .unsupportedGrantType,
            .invalidScope, .invalidTarget,
        ] {
            #expect(read(#"{"error":"\#(code.rawValue)"}"#, status: 400) == .refused(code))
            #expect(read(#"{"error":"\#(code.rawValue)"}"#, status: 401) == .refused(code))
        }
        #expect(read(#"{"error":"invalid_code"}"#, status: 403) == .refused(.other))
        #expect(read(#"{"error":"unreadable"}"#, status: 400) == .refused(.other))
        for body in ["", "<html>", "[]", #"{"error":7}"#, #"{"error":""}"#, "{}"] {
            #expect(read(body, status: 400, type: nil) == .refused(.unreadable))
        }
    }

    @Test("B36 what asks for patience, and for how long")
    func patience() {
        for status in [429, 500, 502, 503, 504, 599] {
            #expect(
                read("", status: status, type: nil, headers: [("retry-after", "7")])
                    == .unavailable(reason: "status_\(status)", retryAfter: .seconds(7)))
        }
        let date = HTTPDate.string(now + .seconds(90))
        #expect(
            read("", status: 503, headers: [("retry-after", date)])
                == .unavailable(reason: "status_503", retryAfter: .seconds(90)))
        for (text, wait) in [("-5", Duration?.some(.zero)), ("x", nil), ("99999999999999999999", nil)] {
            #expect(
                read("", status: 503, headers: [("retry-after", text)])
                    == .unavailable(reason: "status_503", retryAfter: wait))
        }
        // A slip of the provider's keeps nobody waiting for decades.
        for text in ["301", "2147483647", HTTPDate.string(now + .days(30_000)), "Fri, 31 Dec 9999 23:59:59 GMT"] {
            #expect(
                read("", status: 503, headers: [("retry-after", text)])
                    == .unavailable(reason: "status_503", retryAfter: .seconds(300)), "\(text)")
        }
        #expect(
            read(#"{"error":"temporarily_unavailable"}"#, status: 400)
                == .unavailable(reason: "temporarily_unavailable", retryAfter: nil))
    }
}
