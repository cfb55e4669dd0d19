package import Bytes
package import Time

/// One connection of a server, as a function of bytes (RFC 9113): many streams, each a request and its response.
///
/// Feed it with ``receive(_:now:)``, draining ``nextEvent()`` after every call; write with ``write(into:limit:)``, after which
/// there may be events as well. Body bytes that nobody has taken with ``consume(_:of:)`` keep the peer's window shut.
package struct HTTP2ServerEngine: ~Copyable {
    private let session: NGHTTP2Session

    package init(settings: HTTP2Settings, memory: HTTP2Memory, now: Instant) {
        session = NGHTTP2Session(isServer: true, settings: settings, memory: memory, now: now)
    }

    // MARK: Requests

    /// Reads at most one frame of `bytes`; how many bytes it took.
    ///
    /// After an error the connection is over: ``writeFarewell(_:into:)`` and close.
    package mutating func receive(_ bytes: Span<UInt8>, now: Instant) throws(HTTP2Error) -> Int {
        try session.receive(bytes, now: now)
    }

    package mutating func nextEvent() -> HTTP2Event? { session.nextEvent() }

    /// Takes the head of the `.head` event at hand.
    package mutating func takeHead(into head: RequestHead) { session.request.exchangeContents(with: head) }

    package mutating func consume(_ count: Int, of stream: HTTP2Stream) { session.consume(count, of: stream) }

    /// True while a head, or another frame but DATA, has begun and is not whole.
    package var isAmidHead: Bool { session.isAmidHead }

    /// True until the client's preface is whole.
    package var awaitsPreface: Bool { session.awaitsPreface }

    // MARK: Responses

    /// Writes an interim response (RFC 9110, section 15.2), any number before the final one.
    package mutating func sendInterim(_ status: Int, _ fields: borrowing Fields, on stream: HTTP2Stream) {
        precondition(status >= 100 && status <= 199 && status != 101, "not an interim status")
        guard !stream.hasAnswered, stream.row >= 0 else { return }
        session.fields.clear()
        session.fields.add(":status", decimal: status)
        session.fields.add(fields) { $0 != .te }
        session.submitInterim(stream)
    }

    /// Begins the final response: status, `fields` without what belongs to HTTP/1's connections, then `date` (unless `fields`
    /// has one) and the length.
    package mutating func sendHead(
        _ status: Int, _ fields: borrowing Fields, framing: ResponseFraming, date: Span<UInt8>, on stream: HTTP2Stream
    ) {
        precondition(status >= 200 && status <= 599, "not a final status")
        guard !stream.hasAnswered, stream.row >= 0 else { return }
        stream.hasAnswered = true
        let hasNoBody = stream.asksForHead || status == 204 || status == 304
        var length: Int?
        switch framing {
        case .length(let count):
            if status != 204 { length = count }
            stream.body = BodyWriter(.fixed(remaining: status == 204 ? 0 : count))
        case .none: stream.body = BodyWriter(.fixed(remaining: 0))
        case .unknown: stream.body = BodyWriter(.raw)
        }
        if hasNoBody { stream.body = BodyWriter(.discarded) }
        session.fields.clear()
        session.fields.add(":status", decimal: status)
        session.fields.add(fields) { $0 != .te }
        if !fields.contains(.date), !date.isEmpty { session.fields.add("date", date) }
        if let length { session.fields.add("content-length", decimal: length) }
        session.submitResponse(stream, hasBody: !hasNoBody && framing != .none && framing != .length(0))
    }

    /// Answers an extended CONNECT with 200: from now on the stream's body is a tunnel, both ways (RFC 8441, section 5).
    package mutating func sendSwitchingProtocols(_ fields: borrowing Fields, on stream: HTTP2Stream) {
        guard !stream.hasAnswered, stream.row >= 0 else { return }
        stream.hasAnswered = true
        stream.body = BodyWriter(.raw)
        session.fields.clear()
        session.fields.add(":status", decimal: 200)
        session.fields.add(fields) { $0 != .te && $0 != .secWebSocketAccept && $0 != .contentLength }
        session.submitResponse(stream, hasBody: true)
    }

    /// Sends a piece of a body: what may leave goes into `output`, the rest waits in the stream.
    package mutating func send(
        _ bytes: Span<UInt8>, on stream: HTTP2Stream, into output: inout ByteBuffer, limit: Int
    ) throws(HTTP2StreamError) {
        try session.sendBody(bytes, on: stream, into: &output, limit: limit)
    }

    /// Ends a response.
    package mutating func finish(_ stream: HTTP2Stream) throws(HTTP1Error) { try session.finishBody(of: stream) }

    /// Ends a response with trailer fields; they are left out for a client that did not ask for them (G11).
    package mutating func finish(_ stream: HTTP2Stream, trailers: borrowing Fields) throws(HTTP1Error) {
        if stream.acceptsTrailers, stream.row >= 0 {
            for position in 0..<trailers.count where Trailers.permits(trailers.index.table[position]) {
                stream.farewell.copy(position, of: trailers)
            }
        }
        try finish(stream)
    }

    /// Resets a stream; its `closed` follows when that has been written.
    package mutating func reset(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) { session.reset(stream, code) }

    // MARK: The connection

    /// Writes frames into `output` until nothing is left that may leave, or `limit` bytes wait there.
    package mutating func write(into output: inout ByteBuffer, limit: Int) throws(HTTP2Error) {
        try session.write(into: &output, limit: limit)
    }

    /// Heads and other frames without a body may be sent without filling the queue.
    package var hasRoom: Bool { session.hasRoom }

    /// Something waits that could be written.
    package var wantsWrite: Bool { session.wantsWrite }

    /// Announces the end without naming the last stream: what is under way still counts (RFC 9113, section 6.8).
    package mutating func announceEnd() { session.submitShutdownNotice() }

    /// Names the last stream that is served; those that are open go on.
    package mutating func refuseFurtherStreams() { session.submitGoAway(.noError) }

    /// Ends everything behind a last GOAWAY.
    package mutating func terminate(_ code: HTTP2ErrorCode) { session.terminate(code) }

    /// For the end after an error, when nghttp2 must not be asked any more.
    package func writeFarewell(_ error: HTTP2Error, into output: inout ByteBuffer) {
        HTTP2Farewell.write(lastStream: session.lastStream, error.code, into: &output)
    }

    /// False once both sides have nothing more to say.
    package var isOpen: Bool { session.isOpen }

    /// Forgets a stream whose `closed` was heard.
    package mutating func takeBack(_ stream: HTTP2Stream) { session.takeBack(stream) }

    /// Streams that are open.
    package var openStreams: Int { session.open.count }
}
