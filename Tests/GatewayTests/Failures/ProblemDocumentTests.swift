import Formats
import Testing

@testable import Gateway

@Suite struct ProblemDocumentTests {
    @Test("the 401 of the contract, member by member")
    func signInRequired() {
        let problem = ProblemDocument.signInRequired(reason: "absent", loginURL: "/bff/login?returnUrl=%2Fpage")
        let expected =
            #"{"type":"about:blank","title":"Sign-in required","status":401,"reason":"absent","#
            + #""login_url":"/bff/login?returnUrl=%2Fpage"}"#
        #expect(String(decoding: problem.bytes, as: UTF8.self) == expected)
    }

    @Test("E20 a refused request says csrf to programs, in the page's words")
    func crossSite() throws {
        let text = FailureText.of(status: 403, reason: "csrf")
        let value = try JSONValue(parsing: ProblemDocument(text, status: 403, reason: "csrf", requestID: "r1").bytes)
        #expect(value["reason"] == "csrf")
        #expect(value["status"] == 403)
        #expect(value["title"] == .string(text.title))
        #expect(value["request_id"] == "r1")
        #expect(value["login_url"] == nil)
    }

    @Test("nothing breaks out of the document")
    func escaping() throws {
        var problem = ProblemDocument(status: 400, title: "\"\r\n</script>", reason: "x\"y")
        problem.loginURL = "/bff/login?returnUrl=\"},{"
        let value = try JSONValue(parsing: problem.bytes)
        #expect(value.object?.count == 5)
    }
}
