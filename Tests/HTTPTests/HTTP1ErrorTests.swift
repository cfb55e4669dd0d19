import HTTP
import Testing

@Suite struct HTTP1ErrorTests {
    @Test("Every refusal has a name of its own and a status", arguments: HTTP1Error.allCases)
    func names(_ error: HTTP1Error) {
        let code = "\(error.reasonCode)"
        #expect(HTTP1Error.allCases.filter { "\($0.reasonCode)" == code } == [error])
        #expect([400, 414, 417, 431, 500, 501, 502, 505].contains(error.status))
        #expect(!"\(ReasonPhrase.standard(error.status))".isEmpty)
    }
}
