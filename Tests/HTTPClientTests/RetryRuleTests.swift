import HTTP
import Testing

@testable import HTTPClient

@Suite struct RetryRuleTests {
    let rule = RetryRule(most: 1)

    private func allows(
        _ failure: UpstreamFailure, sent: Bool = true, response: Bool = false, tried: Int = 0, idempotent: Bool = false,
        replayable: Bool = true, other: Bool = false
    ) -> Bool {
        rule.allows(
            failure, hasSent: sent, hasResponse: response, tried: tried, isIdempotent: idempotent,
            isReplayable: replayable, hasOther: other)
    }

    @Test("G41 once at most, before any byte of a response, and never twice what must not arrive twice") func table() {
        #expect(!allows(.closedBeforeResponse))
        #expect(allows(.closedBeforeResponse, idempotent: true))
        #expect(allows(.closedBeforeResponse, sent: false))
        for failure in [UpstreamFailure.refused, .unreachable, .connectTimeout, .unknownName] {
            #expect(allows(failure, sent: false, other: true))
            #expect(!allows(failure, sent: false))
            #expect(!allows(failure, sent: false, replayable: false, other: true))
            #expect(!allows(failure, sent: false, tried: 1, other: true))
        }
        #expect(!allows(.closedBeforeResponse, tried: 1, idempotent: true))
        #expect(!allows(.closedBeforeResponse, response: true, idempotent: true))
        #expect(!allows(.truncated, response: true, idempotent: true))
        #expect(!allows(.responseTimeout, idempotent: true))
        #expect(!allows(.badResponse(.conflictingFraming), idempotent: true))
    }
}
