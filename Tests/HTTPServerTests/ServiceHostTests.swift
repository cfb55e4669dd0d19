import Formats
import HTTPServer
import Sockets
import Synchronization
import TestSupport
import Testing
import Threads

private struct Echo: HTTPService {
    func respond(to request: ServiceRequest) async -> ServiceResponse {
        switch request.path {
        case "/echo":
            return .json([
                "method": .string(request.method), "query": .string(request.query), "host": .string(request.host),
                "peer": .string(request.peer), "body": .string(String(decoding: request.body, as: UTF8.self)),
                "x": .string(request.header("x-test") ?? ""),
            ])
        case "/evil": return .text("never seen").adding("X-Evil", "a\r\nSet-Cookie: b=c")
        case "/sleep":
            try? await Task.sleep(for: .seconds(3600))
            return .text("late")
        case "/large": return ServiceResponse(body: [UInt8](repeating: 65, count: 1 << 20))
        default: return .empty(404)
        }
    }
}

@Suite struct ServiceHostTests {
    fileprivate static func host(largestBody: Int = 1000) throws -> ServiceHost {
        try ServiceHost(
            listeners: [.tcp(host: "127.0.0.1", port: 0)], service: Echo(), largestBody: largestBody, name: "service")
    }

    @Test("a request arrives whole and its answer leaves whole; connections are kept") func echo() async throws {
        try await onThread {
            let host = try Self.host()
            defer { host.stop() }
            let peer = try RawClient.connect(port: host.port)
            for round in 0..<3 {
                try peer.send(
                    "POST /echo?a=\(round) HTTP/1.1\r\nHost: h:1\r\nX-Test: t\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
                )
                let response = try RawResponse(readingFrom: peer)
                #expect(response.status == 200)
                #expect(response.header("Content-Type") == "application/json")
                #expect(response.header("Date") != nil)
                #expect(
                    response.text
                        == #"{"method":"POST","query":"a=\#(round)","host":"h:1","peer":"127.0.0.1","body":"abcde","x":"t"}"#
                )
            }
        }
    }

    @Test("a large answer arrives whole; HEAD has none") func large() async throws {
        try await onThread {
            let host = try Self.host()
            defer { host.stop() }
            let response = try RawClient.ask(port: host.port, "GET /large HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(response.body.count == 1 << 20)
            let peer = try RawClient.connect(port: host.port)
            try peer.send("HEAD /large HTTP/1.1\r\nHost: h\r\n\r\nGET /nothing HTTP/1.1\r\nHost: h\r\n\r\n")
            let head = try RawResponse(readingFrom: peer, toHead: true)
            #expect(head.header("Content-Length") == "1048576")
            #expect(try RawResponse(readingFrom: peer).status == 404)
        }
    }

    @Test("G17 a body above the limit is answered with 413, announced or not") func tooLarge() async throws {
        try await onThread {
            let host = try Self.host()
            defer { host.stop() }
            let announced = try RawClient.ask(
                port: host.port, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n")
            #expect(announced.status == 413)
            #expect(announced.header("Connection") == "close")
            let peer = try RawClient.connect(port: host.port)
            try peer.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in 0..<3 { try peer.send("190\r\n" + String(repeating: "x", count: 400) + "\r\n") }
            #expect(try RawResponse(readingFrom: peer).status == 413)
        }
    }

    @Test("G38 a client that expects 100 Continue gets it, or the final answer at once") func expect() async throws {
        try await onThread {
            let host = try Self.host()
            defer { host.stop() }
            let peer = try RawClient.connect(port: host.port)
            try peer.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
            #expect(try peer.receiveHead() == "HTTP/1.1 100 Continue\r\n\r\n")
            try peer.send("abc")
            #expect(try RawResponse(readingFrom: peer).status == 200)
            try peer.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9999\r\nExpect: 100-continue\r\n\r\n")
            #expect(try peer.receiveHead().hasPrefix("HTTP/1.1 413 "))
            #expect(peer.waitUntilClosed())
        }
    }

    @Test("G36 a field with a line break in it never leaves") func injection() async throws {
        try await onThread {
            let host = try Self.host()
            defer { host.stop() }
            let response = try RawClient.ask(port: host.port, "GET /evil HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(response.status == 500)
            #expect(response.header("Set-Cookie") == nil)
        }
    }

    @Test("a client that leaves cancels the work; stopping waits no longer than the drain time") func leaving()
        async throws
    {
        try await onThread {
            let host = try Self.host()
            for _ in 0..<3 {
                let peer = try RawClient.connect(port: host.port)
                try peer.send("GET /sleep HTTP/1.1\r\nHost: h\r\n\r\n")
                #expect(peer.staysSilent(milliseconds: 20))
            }
            #expect(try RawClient.ask(port: host.port, "GET /x HTTP/1.1\r\nHost: h\r\n\r\n").status == 404)
            let last = try RawClient.connect(port: host.port)
            try last.send("GET /sleep HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(last.staysSilent(milliseconds: 50))
            host.stop(drain: .milliseconds(50))
            #expect(last.waitUntilClosed())
            #expect(throws: ScriptError.self) { try RawClient.connect(port: host.port) }
        }
    }
}
