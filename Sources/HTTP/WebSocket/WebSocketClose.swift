package import Bytes

/// A close frame (RFC 6455, section 5.5.1) that somebody between the two ends puts into a stream, between two frames.
package struct WebSocketClose: Sendable {
    /// Why (RFC 6455, section 7.4.1; the registry of that section for the last).
    package enum Code: UInt16, Sendable {
        case goingAway = 1001
        case policyViolation = 1008
        case tryAgainLater = 1013
    }

    /// The gateway stops, or hands over.
    package static var goingAway: WebSocketClose { WebSocketClose(.goingAway, "going away") }

    package let code: Code
    /// For people and scripts at the other end; at most 123 bytes.
    package let reason: StaticString

    package init(_ code: Code, _ reason: StaticString) {
        precondition(reason.utf8CodeUnitCount <= 123, "a control frame has 125 bytes at most")
        self.code = code
        self.reason = reason
    }

    /// Writes it as a server does.
    package func write(into output: inout ByteBuffer) {
        writeHeader(into: &output, maskBit: 0)
        output.append(UInt8(code.rawValue >> 8))
        output.append(UInt8(code.rawValue & 0xFF))
        output.append(reason)
    }

    /// Writes it as a client does: masked with a key that nobody could have foretold (section 5.3).
    package func write(maskedWith key: UInt32, into output: inout ByteBuffer) {
        writeHeader(into: &output, maskBit: 0x80)
        for position in 0..<4 { output.append(Self.byte(of: key, position)) }
        var payload = ByteBuffer()
        payload.append(UInt8(code.rawValue >> 8))
        payload.append(UInt8(code.rawValue & 0xFF))
        payload.append(reason)
        for position in 0..<payload.count {
            let byte = payload.bytes[position]
            output.append(byte ^ Self.byte(of: key, position & 3))
        }
    }

    private func writeHeader(into output: inout ByteBuffer, maskBit: UInt8) {
        output.append(0x88)
        output.append(maskBit | UInt8(2 + reason.utf8CodeUnitCount))
    }

    private static func byte(of key: UInt32, _ position: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: key >> UInt32(24 - 8 * position))
    }
}
