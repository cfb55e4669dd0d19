import Foundation
import TestSupport
import Testing

@Suite("Fixtures/http1: G1 to G22, G30 to G39, G50 to G53, G60, G62") struct HTTPFixturesTests {
    private func check(_ fixture: HTTPFixture) throws {
        let whole = fixture.run([fixture.bytes])
        if ProcessInfo.processInfo.environment["POSTERN_RECORD"] != nil { try fixture.record(whole) }
        let expected = try HTTPFixture(fixture.url).outcome
        #expect(whole == expected)
        // However the network cuts them, the same bytes mean the same.
        #expect(fixture.run(fixture.bytes.map { [$0] }) == whole, "byte by byte")
        for cut in 0...fixture.bytes.count {
            let pieces = [Array(fixture.bytes[..<cut]), Array(fixture.bytes[cut...])]
            #expect(fixture.run(pieces) == whole, "cut at \(cut)")
        }
    }

    @Test("Messages that are accepted", arguments: HTTPFixture.all("accept"))
    func accepted(_ fixture: HTTPFixture) throws {
        try check(fixture)
        #expect(!fixture.outcome.contains { $0.hasPrefix("refused") })
    }

    @Test("Messages that are refused", arguments: HTTPFixture.all("refuse"))
    func refused(_ fixture: HTTPFixture) throws {
        try check(fixture)
        #expect(fixture.outcome.last?.hasPrefix("refused") == true, "nothing follows a refusal (G12)")
    }

    @Test("The fixtures are there") func present() {
        #expect(HTTPFixture.all("accept").count >= 50)
        #expect(HTTPFixture.all("refuse").count >= 75)
    }
}
