import Threads

/// Stands between the gateway and an honest server, and spoils what comes back.
package final class BentWire: Sendable {
    package enum Bend: String, Sendable, CaseIterable {
        /// Passes everything.
        case straight
        /// Takes the request and says nothing.
        case hangs
        /// A good head, one byte at a time, without end.
        case tricklesHead
        /// A good head, then a body one byte at a time, without end.
        case tricklesBody
        /// No HTTP at all.
        case garbage
        /// Closes at once.
        case closes
        /// Closes in the middle of the body.
        case cutsBody
        /// A body without end.
        case floods
        /// Interim responses without end.
        case interim
        /// Header lines without end.
        case endlessHead

        /// The ones that do not pass.
        package static let wrong = allCases.filter { $0 != .straight }
    }

    private let server: ScriptedServer
    private let bend = Locked(Bend.straight)
    private let sentBytes = Locked(0)
    private let stalls = Locked(0)

    package var port: Int { Int(server.port) }
    package var connections: Int { server.connections }
    /// Bytes of floods and interim responses that went out.
    package var sent: Int { sentBytes.withLock { $0 } }

    /// How often the gateway took nothing of those for a while.
    package var timesStalled: Int { stalls.withLock { $0 } }

    /// - Parameter target: the port of the honest server; nil: there is none.
    package init(to target: Int?) throws {
        let bend = bend
        let sentBytes = sentBytes
        let stalls = stalls
        server = try ScriptedServer { peer, _ in
            while let head = try? peer.receiveHead() {
                let length = head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
                    .flatMap { Int($0.dropFirst(15).drop { $0 == " " }) }
                let body = try peer.receive(exactly: length ?? 0)
                let how = bend.withLock { $0 }
                if how == .straight, let target {
                    try Self.pass(Array(head.utf8) + body, to: target, back: peer)
                    return
                }
                // Ends when the gateway has had enough, or somebody bends it otherwise.
                try Self.spoil(peer, how, while: { bend.withLock { $0 } == how }) { more in
                    if more == 0 { stalls.withLock { $0 += 1 } } else { sentBytes.withLock { $0 += more } }
                }
                return
            }
        }
    }

    deinit {
        bend.withLock { $0 = .closes }
        server.stop()
    }

    package func bends(_ bend: Bend) { self.bend.withLock { $0 = bend } }

    private static func pass(_ request: [UInt8], to port: Int, back peer: ScriptedPeer) throws {
        let server = try RawClient.connect(port: UInt16(port), timeout: .seconds(30))
        try server.send(request)
        let response = try RawResponse(readingFrom: server)
        var head = response.head.split(separator: "\r\n").filter { !$0.lowercased().hasPrefix("transfer-encoding:") }
        head.removeAll { $0.lowercased().hasPrefix("content-length:") || $0.lowercased().hasPrefix("connection:") }
        head += ["Content-Length: \(response.body.count)", "Connection: close"]
        try peer.send(Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8) + response.body)
    }

    /// - Parameter progress: told of bytes as they go, of 0 when none did for half a second.
    private static func spoil(
        _ peer: ScriptedPeer, _ bend: Bend, while isBent: () -> Bool, _ progress: (Int) -> Void
    ) throws {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n"
        func drip(_ text: String, endlessly tail: String) throws {
            var bytes = Array(text.utf8)
            while isBent() {
                if bytes.isEmpty { bytes = Array(tail.utf8) }
                try peer.send([bytes.removeFirst()])
                if !peer.staysSilent(milliseconds: 50) { return }
            }
        }
        func pour(_ block: [UInt8]) throws {
            var at = 0
            while isBent() {
                let sent = try block.withUnsafeBytes { bytes in
                    try peer.sendSome(UnsafeRawBufferPointer(rebasing: bytes[at...]), patience: 500)
                }
                at = (at + (sent ?? 0)) % block.count
                progress(sent ?? 0)
            }
        }
        switch bend {
        case .straight, .closes: return
        case .hangs: while isBent(), peer.staysSilent(milliseconds: 50) {}
        case .tricklesHead: try drip(head, endlessly: "X-More: yes\r\n")
        case .tricklesBody:
            try peer.send(head + "\r\n")
            try drip("{", endlessly: " ")
        case .garbage: try peer.send([0x00, 0xFF, 0x15, 0x03] + Array("SSH-2.0-OpenSSH_9\r\n\r\n<html>".utf8))
        case .cutsBody: try peer.send(head + "\r\n{\"access_token\":\"")
        case .floods:
            try peer.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
            let block = Array("4000\r\n".utf8) + [UInt8](repeating: 0x20, count: 0x4000) + Array("\r\n".utf8)
            try pour(block)
        case .interim:
            let link = "Link: </" + String(repeating: "x", count: 2000) + ">"
            let block = Array(String(repeating: "HTTP/1.1 103 Early Hints\r\n\(link)\r\n\r\n", count: 10).utf8)
            try pour(block)
        case .endlessHead:
            try peer.send("HTTP/1.1 200 OK\r\n")
            let block = Array(String(repeating: "X-More: yes\r\n", count: 100).utf8)
            try pour(block)
        }
    }
}
