import Foundation
import TestSupport
import Testing

extension ProductTests {
    /// Every fixture of HTTP/1 through the whole gateway: what arrives behind it has one reading, whoever reads it, or nothing
    /// arrives at all (G20).
    ///
    /// Our engine's reading is in the fixture; the other side's is ``StrictMessage``'s.
    @Suite struct Differential {
        /// What a fixture says that its bytes are.
        private struct Reading {
            struct Message {
                var line: [String]
                var fields: [(name: String, value: String)] = []
                var trailers: [(name: String, value: String)] = []
                var body: [UInt8] = []
                var hasEnded = false
            }

            var messages: [Message] = []
            var refusal: Int?

            init(_ fixture: HTTPFixture) {
                var isAmidTrailers = false
                for line in fixture.outcome {
                    isAmidTrailers = line.hasPrefix("trailers") || (isAmidTrailers && line.hasPrefix("  "))
                    let words = line.split(separator: " ").map(String.init)
                    if line.hasPrefix("head ") {
                        messages.append(Message(line: Array(words.dropFirst())))
                    } else if line.hasPrefix("body ") {
                        messages[messages.count - 1].body = Escapes.read(line.dropFirst(6).dropLast())
                    } else if line.hasPrefix("end") {
                        messages[messages.count - 1].hasEnded = true
                    } else if line.hasPrefix("refused ") {
                        refusal = Int(words[1])
                    } else if line.hasPrefix("  "), let colon = line.range(of: ": "), !line.contains("   <- "),
                        let last = messages.indices.last, !messages[last].hasEnded
                    {
                        let name = line[..<colon.lowerBound].dropFirst(2)
                        let value = Escapes.read(line[colon.upperBound...])
                        let field = (String(name), String(String.UnicodeScalarView(value.map { Unicode.Scalar($0) })))
                        if isAmidTrailers {
                            messages[last].trailers.append(field)
                        } else {
                            messages[last].fields.append(field)
                        }
                    }
                }
            }
        }

        /// Fixtures whose requests are answered by the gateway itself, because no site of ours is asked, or no path of ours.
        private static let ours = [
            "G13-version-1.0": [421], "G13-version-1.0-keep-alive": [200, 421], "G14-host-ipv6": [421],
            "G14-host-underscore": [421], "G15-absolute-form-options": [204], "G15-absolute-form-without-path": [421],
            "G16-asterisk": [204],
        ]
        /// Fields that say something about the connection, the client or its body: the gateway has its own.
        private static let ownFields: Set<String> = ["host", "content-length", "cookie", "expect", "trailer"]

        @Test("G1 to G22 every request fixture arrives as a canonical request, or not at all")
        func requests() async throws {
            try await onThread {
                let upstream = try RecordingUpstream()
                var options = GatewayUnderTest.Options()
                options.upstreams = ["recorder": "http://127.0.0.1:\(upstream.port)"]
                options.routes = ["{ path: /, upstream: recorder, access: public }"]
                // Its preface is one of the fixtures.
                options.listener = ", http2: false"
                let stage = try Stage(options)
                let fixtures = (HTTPFixture.all("accept") + HTTPFixture.all("refuse")).filter { $0.kind == "request" }
                #expect(fixtures.count >= 80)
                var arrived = 0
                for fixture in fixtures { arrived += try Self.send(fixture, to: stage, upstream) }
                #expect(arrived >= 30)
                // What broke off is known to have broken off, and nothing comes late.
                try stage.gateway.stop()
                try eventually("the connections to the upstream are closed") { upstream.connections == 0 }
                let rest = upstream.takeRecord()
                #expect(rest.requests.isEmpty && rest.faults.isEmpty, "\(rest)")
                #expect(rest.unfinished.count >= 7)
            }
        }

        /// Sends a fixture; how many requests arrived.
        private static func send(
            _ fixture: HTTPFixture, to stage: Stage, _ upstream: RecordingUpstream
        ) throws -> Int {
            let port = stage.gateway.port
            var text = String(String.UnicodeScalarView(fixture.bytes.map { Unicode.Scalar($0) }))
            for host in ["a.example", "b.example:81", "b.example"] {
                text = text.replacingOccurrences(of: host, with: "localhost:\(port)")
            }
            let reading = Reading(fixture)
            let peer = try RawClient.connect(port: UInt16(port), timeout: Rounds.patience)
            let bytes = text.unicodeScalars.map { UInt8($0.value) }
            if reading.messages.last?.hasEnded == false, let head = bytes.firstRange(of: Array("\r\n\r\n".utf8)) {
                // What is wrong with the body comes when the upstream has the head already.
                let before = upstream.beginnings
                try peer.send(Array(bytes[..<head.upperBound]))
                try eventually("the head arrives") { upstream.beginnings > before }
                try peer.send(Array(bytes[head.upperBound...]))
            } else {
                try peer.send(bytes)
            }
            var expected: [Reading.Message] = []
            for (number, message) in reading.messages.enumerated() where message.hasEnded {
                let answer = try RawResponse(readingFrom: peer, toHead: message.line[0] == "HEAD")
                let status = ours[fixture.name]?[number] ?? 200
                #expect(answer.status == status, "\(fixture.name): \(answer.head)")
                if status == 200 { expected.append(message) }
            }
            if let status = reading.refusal {
                let answer = try RawResponse(readingFrom: peer)
                #expect(answer.status == status, "\(fixture.name): \(answer.head)")
                #expect(peer.waitUntilClosed(), "\(fixture.name)")
            }
            peer.close()
            let record = upstream.takeRecord()
            #expect(record.faults.isEmpty, "\(fixture.name): \(record.faults)")
            try #require(record.requests.count == expected.count, "\(fixture.name): \(record.requests)")
            for (sent, got) in zip(expected, record.requests) {
                #expect(got.line == [sent.line[0], sent.line[1], "HTTP/1.1"], "\(fixture.name)")
                #expect(got.body == sent.body, "\(fixture.name)")
                for field in sent.fields where !ownFields.contains(field.name.lowercased()) {
                    let values = sent.fields.filter { $0.name == field.name }.map(\.value)
                    #expect(got.values(field.name.lowercased()) == values, "\(fixture.name): \(got.fields)")
                }
                #expect(got.trailers == sent.trailers.map { [$0.name, $0.value] }, "\(fixture.name)")
                #expect(got.values("cookie").count <= 1)
            }
            return record.requests.count
        }

        @Test("G50, G51, G52, G53 every response fixture arrives as a canonical response, as 502, or visibly not whole")
        func responses() async throws {
            try await onThread {
                let fixtures = (HTTPFixture.all("accept") + HTTPFixture.all("refuse")).filter { $0.kind != "request" }
                #expect(fixtures.count >= 40)
                var options = GatewayUnderTest.Options()
                options.routes = ["{ path: /, upstream: api, access: public }"]
                let stage = try Stage(options)
                stage.upstream.answers { request, peer in
                    let fixture = fixtures.first { "/\($0.name)" == request.target }
                    if let fixture { try peer.send(fixture.bytes) }
                    peer.close()
                }
                for fixture in fixtures { try Self.ask(for: fixture, stage) }
            }
        }

        private static func ask(for fixture: HTTPFixture, _ stage: Stage) throws {
            let reading = Reading(fixture)
            let method = fixture.kind.hasSuffix("HEAD") ? "HEAD" : "GET"
            var headers = ["Connection": "close"]
            if fixture.kind.hasSuffix("upgrade") {
                headers = WebSocketPeer.handshake
                headers["Origin"] = stage.gateway.origin
            }
            let message = try TestBrowser().message(
                stage.url("/" + fixture.name), .tool, method: method, headers: headers)
            let peer = try RawClient.connect(port: message.port, timeout: Rounds.patience)
            try peer.send(message.text)
            var bytes: [UInt8] = []
            var answer: StrictMessage?
            while answer == nil {
                let piece = (try? peer.receive()) ?? []
                bytes += piece
                while let (found, count) = try StrictMessage.response(bytes, to: method), answer == nil {
                    bytes.removeFirst(count)
                    if found.status >= 200 || found.status == 101 { answer = found }
                }
                if piece.isEmpty { break }
            }
            let last = reading.messages.last
            // 101 without the proof that the server has read the key opens nothing (G62).
            let isBroken = reading.refusal != nil && (last.map { Int($0.line[0]) ?? 0 < 200 } ?? true)
            if isBroken || last?.line[0] == "101" {
                #expect(answer?.status == 502, "\(fixture.name): \(Escapes.write(bytes))")
            } else if reading.refusal != nil {
                #expect(answer == nil, "\(fixture.name): whole, though the upstream's was not")
            } else {
                let whole = try #require(answer, "\(fixture.name): \(Escapes.write(bytes))")
                #expect(whole.status == Int(last?.line[0] ?? ""), "\(fixture.name)")
                #expect(whole.body == last?.body, "\(fixture.name)")
                #expect(bytes.isEmpty, "\(fixture.name): \(Escapes.write(bytes))")
            }
        }
    }
}
