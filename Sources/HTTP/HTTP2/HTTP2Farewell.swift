internal import Bytes

/// Why a piece of a body was not sent.
package enum HTTP2StreamError: Error, Equatable, Sendable {
    /// More or less than the head announced.
    case body(HTTP1Error)
    /// The whole connection is over.
    case connection(HTTP2Error)
}

/// A GOAWAY frame, written without nghttp2 (RFC 9113, section 6.8).
enum HTTP2Farewell {
    static func write(lastStream: Int32, _ code: HTTP2ErrorCode, into output: inout ByteBuffer) {
        for byte in [0, 0, 8, 7, 0, 0, 0, 0, 0] as [UInt8] { output.append(byte) }
        for word in [UInt32(bitPattern: lastStream), code.rawValue] {
            for shift in [24, 16, 8, 0] as [UInt32] { output.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
    }
}
