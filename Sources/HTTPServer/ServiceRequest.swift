private import Bytes
private import HTTP
private import Sockets

/// A whole request.
package struct ServiceRequest: Sendable {
    package var method: String
    /// As received.
    package var target: String
    /// ``target`` up to the first `?`, not decoded.
    package var path: String
    /// Behind the first `?`, not decoded; empty when there is none.
    package var query: String
    /// `host[:port]` the client asked for.
    package var host: String
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// The request is a good WebSocket handshake, which ``ServiceResponse/conversation`` may answer.
    package var asksForWebSocket = false
    /// The client's address without its port, or `unix`.
    package var peer: String

    package init(
        method: String = "GET", target: String, host: String = "localhost",
        headers: [(name: String, value: String)] = [],
        body: [UInt8] = [], peer: String = "127.0.0.1"
    ) {
        self.method = method
        self.target = target
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = String(parts[0])
        query = parts.count > 1 ? String(parts[1]) : ""
        self.host = host
        self.headers = headers
        self.body = body
        self.peer = peer
    }

    init(_ exchange: Exchange, body: [UInt8]) {
        let head = exchange.head
        let peer = exchange.peerText
        var headers: [(name: String, value: String)] = []
        headers.reserveCapacity(head.fields.count)
        for index in 0..<head.fields.count {
            headers.append((Self.text(head.fields.name(index)), Self.text(head.fields.value(index))))
        }
        self.init(
            method: Self.text(head.methodBytes), target: Self.text(head.target), host: Self.text(head.authority),
            headers: headers, body: body, peer: Self.text(peer.buffer.bytes))
        asksForWebSocket = head.isUpgrade && WebSocketHandshake.refusal(of: head) == nil
    }

    /// Bytes that are not UTF-8 become replacement characters.
    private static func text(_ bytes: Span<UInt8>) -> String { String(decoding: [UInt8](bytes), as: UTF8.self) }

    /// The value of the first field with this name, letter case aside.
    package func header(_ name: String) -> String? {
        let wanted = name.lowercased()
        return headers.first { $0.name.lowercased() == wanted }?.value
    }

    /// The values of all fields with this name, letter case aside.
    package func headers(_ name: String) -> [String] {
        let wanted = name.lowercased()
        return headers.filter { $0.name.lowercased() == wanted }.map(\.value)
    }
}
