import Bytes
import Cryptography
import Formats
import HTTP
import HTTPServer

/// The demo API's WebSocket: greets, then says every text back.
struct EchoSocket: ServiceConversation {
    /// Whom it greets.
    let subject: String

    func run(_ line: ServiceLine) async {
        line.send(EchoFrames.text(Array("Hello, \(subject).".utf8)))
        var frames = EchoFrames()
        for await piece in line.incoming {
            let answer = frames.receive(piece)
            if !answer.isEmpty { line.send(answer) }
            if frames.isOver { return }
            line.takeMore()
        }
    }

    /// The fields of an answer with 101; nil when the request is no good handshake (RFC 6455, section 4.2.2).
    static func accept(_ request: ServiceRequest) -> [(name: String, value: String)]? {
        guard request.asksForWebSocket, let key = request.header("Sec-WebSocket-Key") else { return nil }
        let proof = SHA1Digest(hashing: Array((key + WebSocketHandshake.suffix.description).utf8))
        return [("Upgrade", "websocket"), ("Sec-WebSocket-Accept", Base64.encode(proof.bytes))]
    }
}

/// The frames of a WebSocket whose messages are short texts, as a function of bytes (RFC 6455, section 5).
struct EchoFrames {
    /// Longer messages are refused.
    static let longest = 4096

    private var pending: [UInt8] = []
    /// A close frame has been answered, or something refused: nothing is read any more.
    private(set) var isOver = false

    /// What there is to answer to these bytes.
    mutating func receive(_ bytes: [UInt8]) -> [UInt8] {
        pending += bytes
        var answer: [UInt8] = []
        while !isOver, let frame = takeFrame(&answer) {
            switch frame.opcode {
            case 1 where frame.isFinal && String(validating: frame.payload, as: UTF8.self) != nil:
                answer += Self.text(frame.payload)
            case 1 where frame.isFinal: answer += close(1007, "not UTF-8")
            case 8 where frame.payload.count >= 2:
                answer += close(Int(frame.payload[0]) << 8 | Int(frame.payload[1]), "")
            case 8: answer += close(1000, "")
            case 9: answer += Self.frame(10, frame.payload)
            case 10: break
            default: answer += close(1003, "short texts only")
            }
        }
        return answer
    }

    static func text(_ payload: [UInt8]) -> [UInt8] { frame(1, payload) }

    /// The next whole frame, unmasked; one that may not come is answered with the end.
    private mutating func takeFrame(_ answer: inout [UInt8]) -> (opcode: UInt8, isFinal: Bool, payload: [UInt8])? {
        guard pending.count >= 2 else { return nil }
        guard pending[0] & 0x70 == 0, pending[1] & 0x80 != 0 else {
            answer += close(1002, "not a client's frame")
            return nil
        }
        var count = Int(pending[1] & 0x7F)
        var at = 2
        if count == 126 {
            guard pending.count >= 4 else { return nil }
            count = Int(pending[2]) << 8 | Int(pending[3])
            at = 4
        }
        guard count <= Self.longest, at == 4 || count < 126 else {
            answer += close(1009, "too long")
            return nil
        }
        guard pending.count >= at + 4 + count else { return nil }
        let key = pending[at..<(at + 4)]
        let payload = pending[(at + 4)..<(at + 4 + count)].enumerated().map { $1 ^ key[key.startIndex + $0 & 3] }
        let head = pending[0]
        pending.removeFirst(at + 4 + count)
        return (head & 0x0F, head & 0x80 != 0, payload)
    }

    private mutating func close(_ code: Int, _ reason: String) -> [UInt8] {
        isOver = true
        return Self.frame(8, [UInt8(code >> 8 & 255), UInt8(code & 255)] + Array(reason.utf8))
    }

    private static func frame(_ opcode: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let count = payload.count
        let head = count < 126 ? [UInt8(count)] : [126, UInt8(count >> 8), UInt8(count & 255)]
        return [0x80 | opcode] + head + payload
    }
}
