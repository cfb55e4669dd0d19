internal import Bytes
internal import CNGHTTP2

/// What nghttp2 calls: each finds its session and tells it.
enum NGHTTP2Callbacks {
    /// A session of nghttp2 that calls `owner`, which outlives it.
    static func makeSession(for owner: NGHTTP2Session, _ memory: HTTP2Memory) -> OpaquePointer? {
        var callbacks: OpaquePointer?
        var options: OpaquePointer?
        guard unsafe nghttp2_session_callbacks_new(&callbacks) == 0, unsafe nghttp2_option_new(&options) == 0 else {
            preconditionFailure("out of memory")
        }
        defer {
            unsafe nghttp2_session_callbacks_del(callbacks)
            unsafe nghttp2_option_del(options)
        }
        unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, beginHeaders)
        unsafe nghttp2_session_callbacks_set_on_header_callback(callbacks, header)
        unsafe nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, invalidHeader)
        unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frameReceived)
        unsafe nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, invalidFrame)
        unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, data)
        unsafe nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, streamClosed)
        unsafe nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, frameSent)
        unsafe nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, frameNotSent)
        unsafe nghttp2_session_callbacks_set_send_data_callback(callbacks, sendData)
        unsafe set(options, owner.settings)
        var functions = unsafe memory.functions
        var session: OpaquePointer?
        let pointer = unsafe Unmanaged.passUnretained(owner).toOpaque()
        let code =
            unsafe owner.isServer
            ? nghttp2_session_server_new3(&session, callbacks, pointer, options, &functions)
            : nghttp2_session_client_new3(&session, callbacks, pointer, options, &functions)
        precondition(code == 0, "out of memory")
        return unsafe session
    }

    private static func set(_ options: OpaquePointer?, _ settings: HTTP2Settings) {
        // A window opens when the handler has taken what came through it, not before.
        unsafe nghttp2_option_set_no_auto_window_update(options, 1)
        unsafe nghttp2_option_set_max_continuations(options, settings.continuations)
        unsafe nghttp2_option_set_max_outbound_ack(options, settings.unreadAcknowledgements)
        unsafe nghttp2_option_set_max_settings(options, settings.parameters)
        // A peer may open 100 streams before it hears how many it may: fewer would cost its first requests.
        unsafe nghttp2_option_set_peer_max_concurrent_streams(options, UInt32(clamping: settings.concurrentStreams))
        // Resets are ours to count (AbuseMeter), by the same clock as everything else.
        unsafe nghttp2_option_set_stream_reset_rate_limit(options, 10_000, 1_000)
        unsafe nghttp2_option_set_no_closed_streams(options, 1)
        unsafe nghttp2_option_set_max_reserved_remote_streams(options, 0)
        unsafe nghttp2_option_set_max_send_header_block_length(options, 1 << 20)
    }

    private static func session(_ data: UnsafeMutableRawPointer?) -> NGHTTP2Session {
        guard let data = unsafe data else { preconditionFailure("a session without an owner") }
        return unsafe Unmanaged<NGHTTP2Session>.fromOpaque(data).takeUnretainedValue()
    }

    private static func span(_ start: UnsafePointer<UInt8>?, _ count: Int) -> UnsafeBufferPointer<UInt8> {
        unsafe UnsafeBufferPointer(start: start, count: count)
    }

    private static let beginHeaders: nghttp2_on_begin_headers_callback = { _, frame, data in
        guard let frame = unsafe frame else { return 0 }
        unsafe session(data).blockBegan(frame.pointee.hd.stream_id, frame.pointee.headers.cat)
        return 0
    }

    private static let header: nghttp2_on_header_callback = { _, frame, name, nameCount, value, valueCount, _, data in
        let (name, value) = unsafe (span(name, nameCount), span(value, valueCount))
        let isBearable = unsafe session(data).field(Span(_unsafeElements: name), Span(_unsafeElements: value))
        return isBearable ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
    }

    /// A field that nghttp2 would leave out and go on: what is malformed is refused, not repaired (G80).
    private static let invalidHeader: nghttp2_on_invalid_header_callback = { _, _, _, _, _, _, _, _ in
        NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
    }

    private static let frameReceived: nghttp2_on_frame_recv_callback = { _, frame, data in
        guard let frame = unsafe frame else { return 0 }
        let head = unsafe frame.pointee.hd
        let ends = head.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
        let owner = unsafe session(data)
        switch UInt32(head.type) {
        case NGHTTP2_HEADERS.rawValue: owner.blockEnded(head.stream_id, hasEnded: ends)
        case NGHTTP2_DATA.rawValue:
            let padding = unsafe frame.pointee.data.padlen
            owner.dataFrameEnded(head.stream_id, length: head.length, padding: padding, hasEnded: ends)
        case NGHTTP2_RST_STREAM.rawValue: owner.resetReceived(head.stream_id)
        case NGHTTP2_SETTINGS.rawValue:
            if head.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) == 0 { owner.settingsReceived() }
        case NGHTTP2_GOAWAY.rawValue:
            unsafe owner.goAwayReceived(frame.pointee.goaway.last_stream_id, frame.pointee.goaway.error_code)
        default: break
        }
        return 0
    }

    private static let invalidFrame: nghttp2_on_invalid_frame_recv_callback = { _, frame, _, data in
        guard let frame = unsafe frame else { return 0 }
        let owner = unsafe session(data)
        owner.violation(on: owner.stream(unsafe frame.pointee.hd.stream_id))
        return 0
    }

    private static let data: nghttp2_on_data_chunk_recv_callback = { _, _, id, bytes, count, data in
        unsafe session(data).dataArrived(id, UInt(bitPattern: bytes), count)
        return 0
    }

    private static let streamClosed: nghttp2_on_stream_close_callback = { _, id, code, data in
        unsafe session(data).streamClosed(id, code)
        return 0
    }

    private static let frameSent: nghttp2_on_frame_send_callback = { _, frame, data in
        guard let frame = unsafe frame else { return 0 }
        let head = unsafe frame.pointee.hd
        let kind = UInt32(head.type)
        guard kind == NGHTTP2_HEADERS.rawValue || kind == NGHTTP2_DATA.rawValue else { return 0 }
        let ends = head.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
        unsafe session(data).frameSent(head.stream_id, bytes: 9 + head.length, endsStream: ends)
        return 0
    }

    private static let frameNotSent: nghttp2_on_frame_not_send_callback = { _, frame, _, data in
        guard let frame = unsafe frame else { return 0 }
        guard unsafe UInt32(frame.pointee.hd.type) == NGHTTP2_HEADERS.rawValue else { return 0 }
        unsafe session(data).headNotSent(frame.pointee.hd.stream_id)
        return 0
    }

    static let read: nghttp2_data_source_read_callback = { _, id, _, most, flags, _, data in
        let (count, isLast, trailers) = unsafe session(data).wanted(id, most: most)
        if count < 0 { return count }
        var found = NGHTTP2_DATA_FLAG_NO_COPY.rawValue
        if isLast { found |= NGHTTP2_DATA_FLAG_EOF.rawValue }
        if trailers { found |= NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue }
        unsafe flags?.pointee |= found
        return count
    }

    private static let sendData: nghttp2_send_data_callback = { _, frame, head, count, _, data in
        guard let frame = unsafe frame else { return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue }
        let id = unsafe frame.pointee.hd.stream_id
        unsafe session(data).writeData(id, head: Span(_unsafeElements: span(head, 9)), count: count)
        return 0
    }
}
