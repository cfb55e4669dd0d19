/// Why a whole connection is given up at once; after it neither side's streams go on.
///
/// Faults that nghttp2 can answer itself, with `GOAWAY` or `RST_STREAM`, are none of these.
package enum HTTP2Error: Error, Equatable, Sendable {
    /// The client's first bytes are not HTTP/2's.
    case invalidPreface
    /// More of what costs us and serves nobody than ``AbuseMeter`` allows: resets, pings, settings, empty frames (G82).
    case abuse
    /// So many acknowledgements wait that the peer cannot be reading them.
    case unreadAcknowledgements
    /// So many frames of ours wait for a peer that goes on asking for more of them, and does not read.
    case unreadFrames
    /// A header block in more frames than ``HTTP2Settings/continuations``.
    case tooManyContinuations
    /// A header block that unfolds to many times what is accepted.
    case headerBomb
    /// A header block on a stream that the client has passed over (RFC 9113, section 5.1.1).
    case streamPassedOver
    /// nghttp2 gave up, with this code of its own.
    case failed(Int32)

    /// What the peer is told.
    package var code: HTTP2ErrorCode {
        switch self {
        case .invalidPreface, .streamPassedOver: .protocolError
        case .abuse, .unreadAcknowledgements, .unreadFrames, .tooManyContinuations, .headerBomb: .enhanceYourCalm
        case .failed: .internalError
        }
    }

    /// A stable name for logs.
    package var reasonCode: StaticString {
        switch self {
        case .invalidPreface: "invalid_preface"
        case .abuse: "abuse"
        case .unreadAcknowledgements: "unread_acknowledgements"
        case .unreadFrames: "unread_frames"
        case .tooManyContinuations: "too_many_continuations"
        case .headerBomb: "header_bomb"
        case .streamPassedOver: "stream_passed_over"
        case .failed: "http2_failed"
        }
    }
}
