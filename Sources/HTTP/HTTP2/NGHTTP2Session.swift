internal import Bytes
internal import CNGHTTP2
internal import Time

/// One side of one HTTP/2 connection inside nghttp2: the one file through which its calls go.
///
/// A class, since C holds a pointer back to us. It is given one frame at a time, so that a head has one place to be read
/// into and events stay in step with bytes; its callbacks (`NGHTTP2Callbacks.swift`) only append to ``inbox``.
@safe
final class NGHTTP2Session {
    let isServer: Bool
    let settings: HTTP2Settings
    private let memory: HTTP2Memory
    private var session: OpaquePointer?
    private(set) var open: [HTTP2Stream] = []

    /// Events in their order; the first `read` of them have been handed out.
    private var inbox: [HTTP2Event] = []
    private var read = 0

    // What is being received.
    private var block = HeaderBlock(.request)
    let request = RequestHead()
    let response = ResponseHead()
    private var input = (address: UInt(0), count: 0)
    private var frames: FrameCounter
    private var fault: HTTP2Error?
    /// The stream of the block being read; nil where its fields are dropped.
    private var blockStream: HTTP2Stream?

    // What is being sent.
    private var output = ByteBuffer()
    private var outputLimit = Int.max
    /// A piece that is sent without being kept first, and whose it is.
    private var piece: UnsafeBufferPointer<UInt8>?
    private var pieceOwner: HTTP2Stream?
    private var pieceSent = 0
    /// Written before a message is submitted.
    var fields = FieldBlock()
    private let provider: nghttp2_data_provider

    init(isServer: Bool, settings: HTTP2Settings, memory: HTTP2Memory, now: Instant) {
        self.isServer = isServer
        self.settings = settings
        self.memory = memory
        frames = FrameCounter(
            readsPreface: isServer, resetCost: isServer ? AbuseMeter.reset : AbuseMeter.frame, now: now)
        unsafe session = nil
        unsafe piece = nil
        unsafe provider = nghttp2_data_provider(
            source: nghttp2_data_source(ptr: nil), read_callback: NGHTTP2Callbacks.read)
        unsafe session = NGHTTP2Callbacks.makeSession(for: self, memory)
        submitSettings()
    }

    deinit { unsafe nghttp2_session_del(session) }

    private func submitSettings() {
        var values: [(nghttp2_settings_id, Int)] = [
            (NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, settings.streamWindow),
            (NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, settings.headerListSize),
        ]
        if isServer {
            values.append((NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, settings.concurrentStreams))
            values.append((NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1))
            // Priorities are nobody's lever: all streams get the same share (RFC 9218, section 2.1).
            values.append((NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1))
        } else {
            values.append((NGHTTP2_SETTINGS_ENABLE_PUSH, 0))
        }
        let entries = values.map {
            nghttp2_settings_entry(settings_id: Int32($0.0.rawValue), value: UInt32(clamping: $0.1))
        }
        unsafe entries.withUnsafeBufferPointer { entries in
            _ = unsafe nghttp2_submit_settings(session, 0, entries.baseAddress, entries.count)
        }
        _ = unsafe nghttp2_session_set_local_window_size(session, 0, 0, Int32(clamping: settings.connectionWindow))
    }

    // MARK: Receiving

    /// Feeds the rest of the current frame, or what is there of it; how many bytes it took.
    func receive(_ bytes: Span<UInt8>, now: Instant) throws(HTTP2Error) -> Int {
        if let fault { throw fault }
        let seen = frames.headSeen
        let count: Int
        do throws(HTTP2Error) {
            count = try frames.take(bytes, now: now)
        } catch {
            fault = error
            throw error
        }
        // A frame's first nine bytes go on together.
        if seen + count < 9, frames.headSeen == seen + count, count > 0 { return count }
        let given = bytes.extracting(0..<count)
        let isSplit = seen > 0 && seen < 9
        if isSplit {
            let head = frames.takeHead()
            try feed(head.bytes, from: 0)
        }
        try feed(given, from: isSplit ? 9 - seen : 0)
        return count
    }

    private func feed(_ bytes: Span<UInt8>, from start: Int) throws(HTTP2Error) {
        if start == bytes.count { return }
        let taken = unsafe bytes.withUnsafeBufferPointer { buffer in
            input = (UInt(bitPattern: buffer.baseAddress), buffer.count)
            return unsafe nghttp2_session_mem_recv(
                session, buffer.baseAddress.map { unsafe $0 + start }, buffer.count - start)
        }
        input = (0, 0)
        if taken < 0 { throw fail(with: Int32(clamping: taken)) }
        if fault == nil, waitingFrames > settings.unreadFrames { fault = .unreadFrames }
        if let fault { throw fault }
    }

    private func fail(with code: Int32) -> HTTP2Error {
        // Ours is the reason for nghttp2's.
        if let fault { return fault }
        let found: HTTP2Error =
            switch nghttp2_error(code) {
            case NGHTTP2_ERR_BAD_CLIENT_MAGIC: .invalidPreface
            case NGHTTP2_ERR_FLOODED: .unreadAcknowledgements
            case NGHTTP2_ERR_TOO_MANY_CONTINUATIONS: .tooManyContinuations
            default: .failed(code)
            }
        fault = found
        return found
    }

    func nextEvent() -> HTTP2Event? {
        if read == inbox.count {
            if read > 0 {
                inbox.removeAll(keepingCapacity: true)
                read = 0
            }
            return nil
        }
        read += 1
        return inbox[read - 1]
    }

    /// True while a frame, or a header block, has begun and is not whole.
    var isAmidHead: Bool { frames.isAmidHead }
    var awaitsPreface: Bool { frames.awaitsPreface }

    /// The owner has taken bytes of a body, of a stream that may be over: the peer may send as many more.
    func consume(_ count: Int, of stream: HTTP2Stream) {
        _ = unsafe nghttp2_session_consume(session, stream.id, count)
    }

    // MARK: Sending

    /// Writes frames into `output` until nothing is left that may leave, or `limit` bytes wait there.
    func write(into output: inout ByteBuffer, limit: Int) throws(HTTP2Error) {
        if let fault { throw fault }
        swap(&self.output, &output)
        outputLimit = limit
        var code: Int32 = 0
        while self.output.count < limit, fault == nil {
            var frame: UnsafePointer<UInt8>?
            let count = unsafe nghttp2_session_mem_send(session, &frame)
            if count <= 0 {
                code = Int32(clamping: count)
                break
            }
            unsafe self.output.append(Span(_unsafeElements: UnsafeBufferPointer(start: frame, count: count)))
        }
        swap(&self.output, &output)
        if code < 0 { throw fail(with: code) }
        // A reset that was written may have been one too many.
        if let fault { throw fault }
    }

    /// Sends `bytes` of a body: what the windows and `limit` allow goes into `output` at once, the rest is kept.
    func send(
        _ bytes: Span<UInt8>, on stream: HTTP2Stream, into output: inout ByteBuffer, limit: Int
    ) throws(HTTP2Error) {
        if stream.pending.isEmpty, bytes.count >= Self.directSize, output.count < limit {
            var failure: HTTP2Error?
            let sent = unsafe bytes.withUnsafeBufferPointer { buffer in
                unsafe piece = buffer
                pieceOwner = stream
                pieceSent = 0
                wake(stream)
                do throws(HTTP2Error) { try write(into: &output, limit: limit) } catch { failure = error }
                pieceOwner = nil
                unsafe piece = nil
                return pieceSent
            }
            if let failure { throw failure }
            stream.pending.append(bytes.extracting(sent..<bytes.count))
        } else {
            stream.pending.append(bytes)
        }
        wake(stream)
    }

    /// Pieces from this size on are framed where they lie.
    private static let directSize = 4 << 10

    /// There is more to send on a stream that had nothing.
    func wake(_ stream: HTTP2Stream) {
        guard stream.isDeferred, stream.row >= 0 else { return }
        stream.isDeferred = false
        _ = unsafe nghttp2_session_resume_data(session, stream.id)
    }

    /// Begins a message with the fields in ``fields``; `hasBody` says whether DATA follows.
    ///
    /// - Returns: the stream of a request; nil when it cannot be opened.
    func submitRequest(hasBody: Bool) -> HTTP2Stream? {
        let id = unsafe fields.withFields { names, count in
            unsafe withUnsafePointer(to: provider) { provider in
                unsafe nghttp2_submit_request(session, nil, names, count, hasBody ? provider : nil, nil)
            }
        }
        guard id > 0 else { return nil }
        return begin(id)
    }

    func submitResponse(_ stream: HTTP2Stream, hasBody: Bool) {
        unsafe fields.withFields { names, count in
            _ = unsafe withUnsafePointer(to: provider) { provider in
                unsafe nghttp2_submit_response(session, stream.id, names, count, hasBody ? provider : nil)
            }
        }
    }

    func submitInterim(_ stream: HTTP2Stream) {
        unsafe fields.withFields { names, count in
            _ = unsafe nghttp2_submit_headers(session, 0, stream.id, nil, names, count, nil)
        }
    }

    func reset(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) {
        guard stream.row >= 0, !stream.isReset else { return }
        stream.isReset = true
        _ = unsafe nghttp2_submit_rst_stream(session, 0, stream.id, code.rawValue)
    }

    /// Says that there will soon be an end, without naming the last stream yet (RFC 9113, section 6.8).
    func submitShutdownNotice() { _ = unsafe nghttp2_submit_shutdown_notice(session) }

    /// Names the last stream that is served; those that are open go on.
    func submitGoAway(_ code: HTTP2ErrorCode) {
        let last = unsafe nghttp2_session_get_last_proc_stream_id(session)
        _ = unsafe nghttp2_submit_goaway(session, 0, last, code.rawValue, nil, 0)
    }

    /// Ends the session behind a last GOAWAY.
    func terminate(_ code: HTTP2ErrorCode) { _ = unsafe nghttp2_session_terminate_session(session, code.rawValue) }

    /// The last stream that was given out as an event.
    var lastStream: Int32 { unsafe nghttp2_session_get_last_proc_stream_id(session) }

    /// False once the session is over: nothing more is read, and what is written is its farewell.
    var isOpen: Bool {
        if fault != nil { return false }
        return unsafe nghttp2_session_want_read(session) != 0 || nghttp2_session_want_write(session) != 0
    }

    /// Frames that wait to be written, DATA aside.
    private var waitingFrames: Int { unsafe nghttp2_session_get_outbound_queue_size(session) }

    /// Far enough from the bound that our own frames do not reach it, whatever makes us send them.
    var hasRoom: Bool { waitingFrames < settings.unreadFrames / 2 }

    var wantsWrite: Bool { unsafe fault == nil && nghttp2_session_want_write(session) != 0 }

    /// What the peer has said about itself.
    func peerSetting(_ id: nghttp2_settings_id) -> Int {
        Int(unsafe nghttp2_session_get_remote_settings(session, id))
    }

    /// True when a request may be opened: neither side has said good-bye.
    var takesRequests: Bool { unsafe fault == nil && nghttp2_session_check_request_allowed(session) != 0 }

    // MARK: Streams

    private func begin(_ id: Int32) -> HTTP2Stream {
        let stream = memory.idleStreams.popLast() ?? HTTP2Stream()
        stream.begin(id: id)
        stream.row = open.count
        open.append(stream)
        unsafe nghttp2_session_set_stream_user_data(session, id, Unmanaged.passUnretained(stream).toOpaque())
        return stream
    }

    func stream(_ id: Int32) -> HTTP2Stream? {
        guard let pointer = unsafe nghttp2_session_get_stream_user_data(session, id) else {
            // A request that is queued has no stream inside nghttp2 yet.
            return isServer ? nil : open.last { $0.id == id }
        }
        return unsafe Unmanaged<HTTP2Stream>.fromOpaque(pointer).takeUnretainedValue()
    }

    private func remove(_ stream: HTTP2Stream) {
        guard stream.row >= 0 else { return }
        let last = open.count - 1
        if stream.row < last {
            open[stream.row] = open[last]
            open[stream.row].row = stream.row
        }
        open.removeLast()
        stream.row = -1
    }

    /// The owner has heard of the stream's end and forgets it.
    func takeBack(_ stream: HTTP2Stream) {
        stream.rest()
        if memory.idleStreams.count < 256 { memory.idleStreams.append(stream) }
    }

    // MARK: For the callbacks

    func blockBegan(_ id: Int32, _ category: nghttp2_headers_category) {
        if category == NGHTTP2_HCAT_REQUEST {
            blockStream = begin(id)
            request.reset()
            block = HeaderBlock(.request)
            // Every stream the same urgency, in turns, whatever the client says.
            var priority = nghttp2_extpri(urgency: 3, inc: 1)
            _ = unsafe nghttp2_session_change_extpri_stream_priority(session, id, &priority, 1)
            return
        }
        blockStream = stream(id)
        guard let stream = blockStream else { return }
        if stream.hasHead {
            stream.trailers.clear()
            block = HeaderBlock(.trailers)
        } else {
            response.reset()
            block = HeaderBlock(.response)
        }
    }

    /// One field; false when the connection has to end.
    func field(_ name: Span<UInt8>, _ value: Span<UInt8>) -> Bool {
        let isBearable =
            switch block.kind {
            case .request: block.take(name, value, into: &request.content.fields, settings)
            case .response: block.take(name, value, into: &response.content.fields, settings)
            case .trailers:
                if let stream = blockStream {
                    block.take(name, value, into: &stream.trailers, settings)
                } else {
                    true
                }
            }
        if !isBearable { fault = .headerBomb }
        return isBearable
    }

    func blockEnded(_ id: Int32, hasEnded: Bool) {
        guard let stream = blockStream, stream.id == id, stream.row >= 0 else { return }
        blockStream = nil
        stream.bytesIn += frames.blockBytes
        do throws(HTTP1Error) {
            switch block.kind {
            case .request:
                stream.hasHead = true
                try request.content.adopt(block, hasEnded: hasEnded)
                stream.asksForHead = request.method == .head
                stream.acceptsTrailers = request.acceptsTrailers
                inbox.append(.head(stream))
            case .response:
                try response.content.adopt(block, toHead: stream.asksForHead, hasEnded: hasEnded)
                stream.hasHead = response.status >= 200
                inbox.append(stream.hasHead ? .head(stream) : .interim(stream))
            case .trailers:
                if let failure = block.failure { throw failure }
                stream.trailers.index.keep(Trailers.permits)
            }
        } catch {
            inbox.append(.refused(stream, error))
            violation(on: stream)
            return
        }
        if hasEnded { ended(stream) }
    }

    func ended(_ stream: HTTP2Stream) {
        if stream.inputHasEnded { return }
        stream.inputHasEnded = true
        inbox.append(.end(stream))
    }

    func dataArrived(_ id: Int32, _ address: UInt, _ count: Int) {
        guard let stream = stream(id), !stream.isReset else {
            // Nobody will take it, and the others' window must not shrink for it.
            _ = unsafe nghttp2_session_consume(session, id, count)
            return
        }
        let start = Int(bitPattern: address &- input.address)
        precondition(start >= 0 && start + count <= input.count, "a piece that was not given")
        stream.bytesIn += count
        inbox.append(.body(stream, start..<(start + count)))
    }

    func dataFrameEnded(_ id: Int32, length: Int, padding: Int, hasEnded: Bool) {
        // Padding alone; a frame without anything was charged when its head came.
        if !hasEnded, length > 0, length == padding, !frames.spend(AbuseMeter.emptyData) { fault = .abuse }
        guard let stream = stream(id) else { return }
        stream.bytesIn += 9
        if hasEnded { ended(stream) }
    }

    func streamClosed(_ id: Int32, _ code: UInt32) {
        guard let stream = stream(id), stream.row >= 0 else { return }
        if blockStream === stream { blockStream = nil }
        let code = HTTP2ErrorCode(rawValue: code)
        // nghttp2 resets a stream whose body contradicts its length or its window, and tells nobody: whoever makes it do
        // that again and again has our work begun and broken off for nothing ("MadeYouReset", CVE-2025-8671).
        let isAccountedFor = stream.isReset || stream.isResetByPeer || stream.isCharged
        if isServer, code != .noError, !isAccountedFor { violation(on: stream) }
        remove(stream)
        inbox.append(.closed(stream, code))
    }

    /// A request was queued, and the peer's GOAWAY came first: nothing of it has left.
    func headNotSent(_ id: Int32) {
        guard !isServer, let stream = stream(id), stream.row >= 0, stream.bytesOut == 0 else { return }
        remove(stream)
        inbox.append(.closed(stream, .refusedStream))
    }

    func goAwayReceived(_ last: Int32, _ code: UInt32) {
        inbox.append(.goAway(lastStream: last, HTTP2ErrorCode(rawValue: code)))
    }

    func resetReceived(_ id: Int32) { stream(id)?.isResetByPeer = true }

    func settingsReceived() { inbox.append(.settings) }

    /// The peer broke a rule for which a stream of its own was reset: dear, or it could make us reset without end.
    func violation(on stream: HTTP2Stream?) {
        stream?.isCharged = true
        if !frames.spend(AbuseMeter.reset) { fault = .abuse }
    }

    func frameSent(_ id: Int32, bytes: Int, endsStream: Bool) {
        guard let stream = stream(id) else { return }
        stream.bytesOut += bytes
        guard endsStream else { return }
        stream.outputHasEnded = true
        // The answer is whole: what the client still sends of its request is in vain (RFC 9113, section 8.1; G12).
        if isServer, !stream.inputHasEnded { reset(stream, .noError) }
    }

    /// Asked for up to `most` body bytes: how many follow, and whether they are the last.
    func wanted(_ id: Int32, most: Int) -> (count: Int, isLast: Bool, trailers: Bool) {
        guard let stream = stream(id) else { return (Int(NGHTTP2_ERR_DEFERRED.rawValue), false, false) }
        if output.count >= outputLimit { return (Int(NGHTTP2_ERR_PAUSE.rawValue), false, false) }
        var available = stream.pending.count
        if pieceOwner === stream { available += unsafe (piece?.count ?? 0) - pieceSent }
        if available == 0, !stream.isFinished {
            stream.isDeferred = true
            return (Int(NGHTTP2_ERR_DEFERRED.rawValue), false, false)
        }
        let count = Swift.min(available, most)
        let isLast = stream.isFinished && count == available
        if isLast, !stream.farewell.isEmpty {
            fields.clear()
            fields.add(stream.farewell) { _ in true }
            unsafe fields.withFields { names, count in
                _ = unsafe nghttp2_submit_trailer(session, id, names, count)
            }
            return (count, true, true)
        }
        return (count, isLast, false)
    }

    /// Writes a DATA frame: its head, and the bytes that ``wanted(_:most:)`` promised.
    func writeData(_ id: Int32, head: Span<UInt8>, count: Int) {
        output.append(head)
        frames.sentData()
        guard let stream = stream(id) else { return }
        let kept = Swift.min(count, stream.pending.count)
        if kept > 0 {
            stream.movePending(kept, into: &output)
        }
        if count > kept, pieceOwner === stream, let start = unsafe piece?.baseAddress {
            let rest = count - kept
            let place = unsafe UnsafeRawBufferPointer(start: start + pieceSent, count: rest)
            _ = unsafe output.write(space: rest) { room in
                unsafe room.copyMemory(from: place)
                return rest
            }
            pieceSent += rest
        }
    }
}
