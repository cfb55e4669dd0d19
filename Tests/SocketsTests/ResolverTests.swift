import Sockets
import Testing

@Suite struct ResolverTests {
    @Test("literals need no look-up") func literals() {
        #expect(Resolver.literal("127.0.0.1", port: 80) == .ip(IPAddress(v4: 0x7F00_0001), port: 80))
        #expect(Resolver.literal("::1", port: 80) == .ip(IPAddress(high: 0, low: 1), port: 80))
        #expect(Resolver.literal("localhost", port: 80) == nil)
    }

    @Test("answers arrive in the asker's mailbox") func answers() throws {
        let loop = try EventLoop()
        let mailbox = try Mailbox<ResolverAnswer>()
        let resolver = try Resolver()
        defer { resolver.stop() }
        var answers: [UInt64: ResolverAnswer] = [:]
        try mailbox.deliver(on: loop) { answers[$0.ticket] = $0 }
        resolver.resolve("localhost", port: 4711, ticket: 1, into: mailbox)
        resolver.resolve("name..with.an.empty.label", port: 1, ticket: 2, into: mailbox)
        while answers.count < 2 { loop.turn(waiting: .seconds(30)) }
        let addresses = try #require(try answers[1]?.result.get())
        #expect(addresses.contains(.ip(IPAddress(v4: 0x7F00_0001), port: 4711)))
        #expect(throws: ResolverFailure.self) { try answers[2]?.result.get() }
    }
}
