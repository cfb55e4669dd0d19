import Bytes
import Cryptography
import Formats
import HTTP

/// What an upstream must answer to a handshake's key, to show that it has read it (RFC 6455, section 4.2.2).
enum WebSocketAccept {
    static func value(for head: RequestHead) -> [UInt8] {
        guard let key = head.fields.value(of: .secWebSocketKey) else { return [] }
        let suffix = WebSocketHandshake.suffix.description.utf8
        return Array(Base64.encode(SHA1Digest(hashing: [UInt8](key) + suffix).bytes).utf8)
    }
}
