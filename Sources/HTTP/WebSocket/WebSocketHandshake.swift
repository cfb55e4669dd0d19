private import Bytes
private import Formats

/// The opening handshake of a WebSocket (RFC 6455, section 4), judged by whoever stands between its two ends (G61, G62).
package enum WebSocketHandshake {
    /// What is wrong with a request that asks for a WebSocket.
    package enum Refusal: Sendable, Equatable {
        /// `Sec-WebSocket-Key` is not 16 bytes in base64: 400.
        case key
        /// `Sec-WebSocket-Version` is not 13: 426, with the one that we speak (section 4.4).
        case version
    }

    /// The only version there is, and how an answer with 426 names it.
    package static let version: StaticString = "13"

    /// What the server puts behind the key before it hashes both (section 4.2.2).
    package static let suffix: StaticString = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    /// Judges a request with ``RequestHead/isUpgrade``; nil when it may go on.
    ///
    /// What comes twice was refused with the head (G35).
    package static func refusal(of head: RequestHead) -> Refusal? {
        refusal(of: head.fields)
    }

    private static func refusal(of fields: borrowing Fields) -> Refusal? {
        guard fields.value(of: .secWebSocketVersion)?.equals(version) == true else { return .version }
        guard let key = fields.value(of: .secWebSocketKey), Base64.decode(key)?.count == 16 else { return .key }
        return nil
    }

    /// True for a 101 that opens a WebSocket: the right protocol, once, and the proof that the server has read the key.
    ///
    /// - Parameter accept: the value that `Sec-WebSocket-Accept` must have.
    package static func isAccepted(_ head: ResponseHead, accept: [UInt8]) -> Bool {
        head.status == 101 && head.connectionUpgrade && isAccepted(head.fields, accept)
    }

    private static func isAccepted(_ fields: borrowing Fields, _ accept: [UInt8]) -> Bool {
        guard fields.count(of: .upgrade) == 1, fields.count(of: .secWebSocketAccept) == 1 else { return false }
        return fields.value(of: .upgrade)?.equalsIgnoringCase("websocket") == true
            && fields.value(of: .secWebSocketAccept)?.equals(accept.span) == true
    }
}
