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
    /// A header block in more frames than ``HTTP2Settings/continuations``.
    case tooManyContinuations
    /// A header block that unfolds to many times what is accepted.
    case headerBomb
    /// nghttp2 gave up, with this code of its own.
    case failed(Int32)

    /// What the peer is told.
    package var code: HTTP2ErrorCode {
        switch self {
        case .invalidPreface: .protocolError
        case .abuse, .unreadAcknowledgements, .tooManyContinuations, .headerBomb: .enhanceYourCalm
        case .failed: .internalError
        }
    }

    /// A stable name for logs.
    package var reasonCode: StaticString {
        switch self {
        case .invalidPreface: "invalid_preface"
        case .abuse: "abuse"
        case .unreadAcknowledgements: "unread_acknowledgements"
        case .tooManyContinuations: "too_many_continuations"
        case .headerBomb: "header_bomb"
        case .failed: "http2_failed"
        }
    }
}
