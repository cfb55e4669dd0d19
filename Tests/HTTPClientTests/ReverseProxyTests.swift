import Foundation
import HTTPClient
import HTTPServer
import Sockets
import TestSupport
import Testing
import Threads

/// An application server that answers every request with what it got; connections are kept.
private func echo(_ peer: ScriptedPeer) throws {
    while true {
        let head: String
        do {
            head = try peer.receiveHead()
        } catch ScriptError.closed {
            return
        }
        var body: [UInt8] = []
        let lowered = head.lowercased()
        if let range = lowered.range(of: "content-length: ") {
            let digits = lowered[range.upperBound...].prefix { $0.isNumber }
            body = try peer.receive(exactly: Int(digits) ?? 0)
        } else if lowered.contains("transfer-encoding: chunked") {
            while true {
                let line = try peer.receive(until: "\r\n").dropLast(1)
                guard let size = Int(line, radix: 16) else { return }
                if size > 0 { body += try peer.receive(exactly: size) }
                _ = try peer.receive(exactly: 2)
                if size == 0 { break }
            }
        }
        let answer = Array(head.utf8) + body
        try peer.send("HTTP/1.1 200 OK\r\nContent-Length: \(answer.count)\r\n\r\n")
        try peer.send(answer)
    }
}

@Suite struct ReverseProxyTests {
    @Test("requests pass one after another over one kept upstream connection") func keepAlive() async throws {
        try await onThread {
            let server = try ScriptedServer { peer, _ in try echo(peer) }
            let proxy = try RunningProxy(to: server.port)
            defer { proxy.stop() }
            let client = try RawClient.connect(port: proxy.port)
            for number in 0..<20 {
                try client.send("GET /\(number)?a=b HTTP/1.1\r\nHost: front.example\r\nX-Test: \(number)\r\n\r\n")
                let response = try RawResponse(readingFrom: client)
                #expect(
                    response.text
                        == "GET /\(number)?a=b HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\nX-Test: \(number)\r\n\r\n")
            }
            #expect(server.connections == 1)
            #expect(proxy.thread.perform { $0.pool.idleConnections } == 1)
        }
    }

    @Test("bodies pass both ways, chunked and with a length", arguments: [0, 1, 100, 70_000, 600_000])
    func bodies(_ size: Int) async throws {
        try await onThread {
            let server = try ScriptedServer { peer, _ in try echo(peer) }
            let proxy = try RunningProxy(to: server.port)
            defer { proxy.stop() }
            let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            let client = try RawClient.connect(port: proxy.port)
            for isChunked in [false, true] {
                let sender = try Thread.start(name: "sender") {
                    try? client.send(
                        "POST / HTTP/1.1\r\nHost: a\r\n"
                            + (isChunked ? "Transfer-Encoding: chunked\r\n\r\n" : "Content-Length: \(size)\r\n\r\n"))
                    if isChunked {
                        for start in stride(from: 0, to: size, by: 50_000) {
                            let piece = Array(body[start..<min(size, start + 50_000)])
                            try? client.send("\(String(piece.count, radix: 16))\r\n")
                            try? client.send(piece + Array("\r\n".utf8))
                        }
                        try? client.send("0\r\n\r\n")
                    } else {
                        try? client.send(body)
                    }
                }
                let response = try RawResponse(readingFrom: client)
                sender.join()
                #expect(response.status == 200)
                #expect(response.body.suffix(size).elementsEqual(body))
            }
        }
    }
}
