import Bytes
import TestSupport
import Testing

@testable import TLS

@Suite struct TLSSessionTests {
    let lab: TLSLab

    init() throws { lab = try TLSLab.shared.get() }

    @Test("a handshake, and bytes both ways, whole and in every split", arguments: [Int.max, 1, 2, 5, 1000])
    func wholeWay(_ size: Int) throws {
        let pair = try TLSPair(lab.server(), lab.client(), host: "a.test")
        #expect(pair.client.isHandshaking && pair.server.isHandshaking && !pair.toServer.isEmpty)
        pair.pump(size)
        #expect(!pair.client.isHandshaking && !pair.server.isHandshaking)
        #expect(pair.server.applicationProtocol == .http1 && pair.client.applicationProtocol == .http1)
        #expect(!pair.server.isResumed)

        #expect(pair.say(client: Array("hello".utf8)) && pair.say(client: Array(" world".utf8)))
        #expect(pair.say(server: Array("well met".utf8)))
        pair.pump(size)
        #expect(pair.serverHeard == Array("hello world".utf8))
        #expect(pair.clientHeard == Array("well met".utf8))
    }

    @Test("nothing is sealed before the handshake is over")
    func early() throws {
        let pair = try TLSPair(lab.server(), lab.client(), host: "a.test")
        #expect(!pair.say(client: [1]) && !pair.say(server: [1]))
        pair.pump()
        #expect(pair.say(client: [1]) && pair.say(server: [1]))
    }

    @Test("a mebibyte passes each way in one call, and what is sealed is not what was said")
    func bulk() throws {
        let pair = try TLSPair(lab.server(), lab.client(), host: "a.test")
        pair.pump()
        let bytes = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        #expect(pair.say(client: bytes) && pair.say(server: bytes))
        #expect(pair.toServer.count > bytes.count && pair.toServer.count < bytes.count + 4096)
        pair.pump(64 << 10)
        #expect(pair.serverHeard == bytes && pair.clientHeard == bytes)
    }

    @Test("a goodbye is an end; without one there is none")
    func goodbye() throws {
        let pair = try TLSPair(lab.server(), lab.client(), host: "a.test")
        pair.pump()
        #expect(pair.say(server: Array("all".utf8)))
        pair.pump()
        #expect(pair.clientNews == .goesOn)
        pair.server.sayGoodbye(into: &pair.toClient)
        #expect(pair.say(client: Array("more".utf8)))
        pair.pump()
        #expect(pair.clientNews == .ended && pair.clientHeard == Array("all".utf8))
        // Half closed: the other direction goes on (RFC 8446, section 6.1).
        #expect(pair.serverHeard == Array("more".utf8) && pair.serverNews == .goesOn)
    }

    @Test("a changed byte, anywhere in a record, breaks the connection and is told")
    func forged() throws {
        for position in [0, 3, 5, 12, 25] {
            let pair = try TLSPair(lab.server(), lab.client(), host: "a.test")
            pair.pump()
            #expect(pair.say(client: Array("pay 10".utf8)))
            var bytes = pair.toServer.array
            bytes[position] ^= 0x40
            pair.hear(server: bytes)
            // Where the length grew, the rest is awaited; whatever comes then cannot mend it.
            if pair.serverNews == .goesOn { pair.hear(server: [UInt8](repeating: 0, count: 20_000)) }
            #expect(pair.serverNews == .failed && pair.serverHeard.isEmpty && pair.server.failureReason != nil)
            #expect(!pair.toClient.isEmpty && !pair.say(server: [1]))
            pair.hear(server: [0])
            #expect(pair.serverNews == .failed)
        }
    }

    @Test("a repeated record is refused")
    func repeated() throws {
        let pair = try TLSPair(lab.server(), lab.client(), host: "a.test")
        pair.pump()
        #expect(pair.say(client: Array("once".utf8)))
        let record = pair.toServer.array
        pair.hear(server: record)
        pair.hear(server: record)
        #expect(pair.serverNews == .failed && pair.serverHeard == Array("once".utf8))
        #expect(pair.server.failureReason?.description == "bad_record")
    }

    @Test("garbage, plain HTTP and half a hello are refused or awaited, never believed")
    func garbage() throws {
        let (server, client) = (try lab.server(), try lab.client())
        func heard(_ bytes: [UInt8]) throws -> TLSPair {
            let pair = try TLSPair(server, client, host: "a.test")
            pair.toServer.clear()
            pair.hear(server: bytes)
            return pair
        }
        let http = try heard(Array("GET / HTTP/1.1\r\n\r\n".utf8))
        #expect(http.serverNews == .failed && http.server.failureReason?.description == "plain_http")
        #expect(try heard([UInt8](repeating: 0x80, count: 100)).serverNews == .failed)
        #expect(try heard([22, 3, 1, 0, 5, 1, 0, 0, 1, 9]).serverNews != .ended)
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let noise = (0..<600).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let pair = try heard(noise)
            #expect(pair.serverHeard.isEmpty && pair.server.isHandshaking)
        }
        // Every cut of a real hello is awaited further.
        let hello = try TLSPair(server, client, host: "a.test").toServer.array
        for count in stride(from: 0, to: hello.count, by: 7) {
            #expect(try heard(Array(hello.prefix(count))).serverNews == .goesOn)
        }
    }

    @Test("keys are renewed in mid-connection, and many wishes for it are answered each at most once")
    func keyUpdate() throws {
        let pair = try TLSPair(lab.server(), lab.client(), host: "a.test")
        pair.pump()
        for round in 0..<20 {
            pair.client.updateKeys()
            #expect(pair.say(client: [UInt8(round)]) && pair.say(server: [UInt8(round)]))
            pair.pump()
        }
        #expect(pair.serverHeard == (0..<20).map { UInt8($0) } && pair.clientHeard == pair.serverHeard)
    }

    @Test("a session is resumed, by tickets that any context of the process opens, and anew after a rotation")
    func resumption() throws {
        let tickets = TicketKeys()
        let first = try lab.server(tickets: tickets)
        let second = try lab.server(tickets: tickets)
        let client = try lab.client()
        let memory = TLSResumption()
        func connect(_ server: TLSServerContext, says: String = "x") throws -> TLSPair {
            let pair = try TLSPair(server, client, host: "a.test", memory)
            pair.pump()
            #expect(pair.say(client: Array(says.utf8)))
            pair.pump()
            #expect(pair.serverHeard == Array(says.utf8))
            return pair
        }
        #expect(try !connect(first).server.isResumed && !memory.isEmpty)
        let again = try connect(second)
        #expect(again.server.isResumed && again.client.isResumed)
        tickets.rotate()
        #expect(try connect(first).server.isResumed)
        tickets.rotate()
        tickets.rotate()
        tickets.rotate()
        #expect(try !connect(first).server.isResumed)
        // Another process, other keys.
        #expect(try !connect(lab.server()).server.isResumed)
        // Another context of the client has other demands, and begins anew.
        #expect(try connect(first).client.isResumed == false)
        #expect(try connect(first).client.isResumed)
        let stranger = try TLSPair(first, lab.client(), host: "a.test", memory)
        stranger.pump()
        #expect(!stranger.client.isHandshaking && !stranger.client.isResumed)
    }

    @Test("TLS 1.2 works where it may, and resumes; a server of 1.3 alone refuses it")
    func versions() throws {
        let client = try lab.client()
        client.speakOnlyTLS12()
        let memory = TLSResumption()
        let server = try lab.server()
        for round in 0..<2 {
            let pair = try TLSPair(server, client, host: "a.test", memory)
            pair.pump()
            #expect(pair.say(client: [7]) && pair.say(server: [8]))
            pair.pump()
            #expect(pair.serverHeard == [7] && pair.clientHeard == [8] && pair.server.isResumed == (round == 1))
        }
        let pair = try TLSPair(lab.server(minimum: .tls13), client, host: "a.test")
        pair.pump()
        #expect(pair.serverNews == .failed && pair.server.failureReason?.description == "no_common_version")
        #expect(pair.clientNews == .failed && pair.client.failureReason?.description == "alert_protocol_version")
    }
}
