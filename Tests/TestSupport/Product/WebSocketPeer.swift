private import Cryptography
private import Formats
import Foundation

/// One end of a WebSocket on a scripted connection, by simple means.
package struct WebSocketPeer {
    package struct Frame: Equatable, Sendable {
        package var opcode: UInt8
        package var payload: [UInt8]
        package var isFinal = true

        package init(_ opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true) {
            (self.opcode, self.payload, self.isFinal) = (opcode, payload, isFinal)
        }

        package static func text(_ text: String) -> Frame { Frame(1, Array(text.utf8)) }
        package static func close(_ code: Int, _ reason: String) -> Frame {
            Frame(8, [UInt8(code >> 8), UInt8(code & 0xFF)] + Array(reason.utf8))
        }

        package var text: String { String(decoding: payload, as: UTF8.self) }
        /// The code of a close frame.
        package var code: Int? { opcode == 8 && payload.count >= 2 ? Int(payload[0]) << 8 | Int(payload[1]) : nil }

        /// As a client, which masks, or a server sends it.
        package func bytes(masked: Bool) -> [UInt8] {
            var bytes = [(isFinal ? 0x80 : 0) | opcode]
            let mask: UInt8 = masked ? 0x80 : 0
            let count = payload.count
            if count < 126 {
                bytes.append(mask | UInt8(count))
            } else if count <= 0xFFFF {
                bytes += [mask | 126, UInt8(count >> 8), UInt8(count & 0xFF)]
            } else {
                bytes += [mask | 127] + (0..<8).map { UInt8(truncatingIfNeeded: count >> (56 - 8 * $0)) }
            }
            guard masked else { return bytes + payload }
            let key: [UInt8] = [0x1B, 0x2C, 0x3D, 0x4E]
            return bytes + key + payload.enumerated().map { $1 ^ key[$0 & 3] }
        }
    }

    package let peer: ScriptedPeer
    /// True for the client's end.
    package let isClient: Bool

    package init(_ peer: ScriptedPeer, isClient: Bool) { (self.peer, self.isClient) = (peer, isClient) }

    package func send(_ frame: Frame) throws { try peer.send(frame.bytes(masked: isClient)) }
    package func send(_ text: String) throws { try send(.text(text)) }

    /// The next frame; its mask must be there exactly when the other end is a client.
    package func receive() throws -> Frame {
        let head = try peer.receive(exactly: 2)
        let isMasked = head[1] & 0x80 != 0
        guard isMasked == !isClient else { throw NeverHappened(description: "a frame of the wrong side: \(head)") }
        var count = Int(head[1] & 0x7F)
        if count > 125 {
            count = try peer.receive(exactly: count == 126 ? 2 : 8).reduce(0) { $0 << 8 | Int($1) }
        }
        let key = isMasked ? try peer.receive(exactly: 4) : [0, 0, 0, 0]
        let payload = try peer.receive(exactly: count).enumerated().map { $1 ^ key[$0 & 3] }
        return Frame(head[0] & 0x0F, payload, isFinal: head[0] & 0x80 != 0)
    }

    /// The fields of a client's handshake; the key is the one of RFC 6455, section 1.3.
    package static let handshake = [
        "Connection": "keep-alive, Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    ]

    /// A server's answer to a handshake.
    package static func answer(to request: EchoUpstream.Request, fields: [String] = []) -> String {
        let key = (request.header("Sec-WebSocket-Key") ?? "") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        let accept = Base64.encode(SHA1Digest(hashing: Array(key.utf8)).bytes)
        let lines = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: \(accept)"] + fields
        return "HTTP/1.1 101 Switching Protocols\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n"
    }
}

extension Stage {
    /// Sends a WebSocket handshake as a page of the gateway's own origin does; `fields` are added, or removed when empty.
    package func handshake(
        _ browser: TestBrowser, _ path: String = "/socket", fields: [String: String] = [:], behind: [UInt8] = []
    ) throws -> ScriptedPeer {
        var headers = WebSocketPeer.handshake
        headers["Origin"] = gateway.origin
        for (name, value) in fields { headers[name] = value }
        // Browsers send no Fetch Metadata with a handshake.
        let message = try browser.message(url(path), .tool, headers: headers)
        let peer = try RawClient.connect(port: message.port)
        try peer.send(Array(message.text.utf8) + behind)
        return peer
    }

    /// An open WebSocket of this browser.
    package func socket(_ browser: TestBrowser, _ path: String = "/socket") throws -> WebSocketPeer {
        let peer = try handshake(browser, path)
        let head = try peer.receiveHead()
        guard head.hasPrefix("HTTP/1.1 101 ") else {
            throw NeverHappened(description: "no tunnel: \(head)\n\(gateway.log)")
        }
        return WebSocketPeer(peer, isClient: true)
    }
}
