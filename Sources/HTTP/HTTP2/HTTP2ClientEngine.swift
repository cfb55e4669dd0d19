package import Bytes
internal import CNGHTTP2
package import Time

/// One connection of a client, as a function of bytes (RFC 9113): many streams, each a request and its response.
///
/// Used like ``HTTP2ServerEngine``.
package struct HTTP2ClientEngine: ~Copyable {
    private let session: NGHTTP2Session

    package init(settings: HTTP2Settings, memory: HTTP2Memory, now: Instant) {
        session = NGHTTP2Session(isServer: false, settings: settings, memory: memory, now: now)
    }

    // MARK: Requests

    /// Streams that may be opened still: what the peer allows, less those that are open; 0 after its GOAWAY.
    package var room: Int {
        guard session.takesRequests else { return 0 }
        let most = session.peerSetting(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS)
        return Swift.max(0, Swift.min(most, session.settings.concurrentStreams) - session.open.count)
    }

    /// True when the server has said that it takes extended CONNECT (RFC 8441).
    package var takesUpgrades: Bool { session.peerSetting(NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1 }

    /// Opens a stream with a request; nil when it cannot be opened.
    ///
    /// `fields` include `Host`, which becomes `:authority`; of the connection's fields `TE: trailers` alone is kept.
    ///
    /// - Parameter hasEnded: no body follows.
    package mutating func sendHead(
        method: Span<UInt8>, target: Span<UInt8>, isSecure: Bool, _ fields: borrowing Fields, framing: BodyFraming,
        hasEnded: Bool
    ) -> HTTP2Stream? {
        precondition(Token.isToken(method), "not a method")
        precondition(ByteScan.isTarget(target) && !target.isEmpty, "not a request target")
        var length: Int?
        var body = BodyWriter(.raw)
        switch framing {
        case .none:
            body = BodyWriter(.fixed(remaining: 0))
            if method.equals("POST") || method.equals("PUT") || method.equals("PATCH") { length = 0 }
        case .length(let count):
            length = count
            body = BodyWriter(.fixed(remaining: count))
        case .chunked: break
        case .untilClose: preconditionFailure("a request cannot end with its connection")
        }
        session.fields.clear()
        session.fields.add(":method", method)
        session.fields.add(":scheme", text: isSecure ? "https" : "http")
        session.fields.addAuthority(fields)
        session.fields.add(":path", target)
        session.fields.add(fields) { $0 != .host }
        if let length { session.fields.add("content-length", decimal: length) }
        let stream = session.submitRequest(hasBody: !hasEnded)
        stream?.body = body
        stream?.asksForHead = method.equals("HEAD")
        stream?.acceptsTrailers = true
        stream?.isFinished = hasEnded
        return stream
    }

    /// Opens a stream with an extended CONNECT for a WebSocket (RFC 8441, section 5); nil when it cannot be opened.
    ///
    /// Only where ``takesUpgrades``. `fields` are those of HTTP/1's handshake; what is for HTTP/1 alone stays behind. After an
    /// answer with 2xx the stream's body is a tunnel, both ways.
    package mutating func sendUpgrade(
        target: Span<UInt8>, isSecure: Bool, _ fields: borrowing Fields
    ) -> HTTP2Stream? {
        precondition(takesUpgrades, "the server has not asked for this")
        precondition(ByteScan.isTarget(target) && !target.isEmpty, "not a request target")
        session.fields.clear()
        session.fields.add(":method", text: "CONNECT")
        session.fields.add(":protocol", text: "websocket")
        session.fields.add(":scheme", text: isSecure ? "https" : "http")
        session.fields.addAuthority(fields)
        session.fields.add(":path", target)
        session.fields.add(fields) { $0 != .host && $0 != .te && $0 != .secWebSocketKey }
        let stream = session.submitRequest(hasBody: true)
        stream?.body = BodyWriter(.raw)
        return stream
    }

    /// Sends a piece of a body: what may leave goes into `output`, the rest waits in the stream.
    package mutating func send(
        _ bytes: Span<UInt8>, on stream: HTTP2Stream, into output: inout ByteBuffer, limit: Int
    ) throws(HTTP2StreamError) {
        try session.sendBody(bytes, on: stream, into: &output, limit: limit)
    }

    /// Ends a request.
    package mutating func finish(_ stream: HTTP2Stream) throws(HTTP1Error) { try session.finishBody(of: stream) }

    /// Ends a request with trailer fields.
    package mutating func finish(_ stream: HTTP2Stream, trailers: borrowing Fields) throws(HTTP1Error) {
        for position in 0..<trailers.count where Trailers.permits(trailers.index.table[position]) {
            stream.farewell.copy(position, of: trailers)
        }
        try finish(stream)
    }

    /// Resets a stream; its `closed` follows when that has been written.
    package mutating func reset(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) { session.reset(stream, code) }

    // MARK: Responses

    /// Reads at most one frame of `bytes`; how many bytes it took.
    ///
    /// After an error the connection is over.
    package mutating func receive(_ bytes: Span<UInt8>, now: Instant) throws(HTTP2Error) -> Int {
        try session.receive(bytes, now: now)
    }

    package mutating func nextEvent() -> HTTP2Event? { session.nextEvent() }

    /// Takes the head of the `.head` or `.interim` event at hand.
    package mutating func takeHead(into head: ResponseHead) { session.response.exchangeContents(with: head) }

    package mutating func consume(_ count: Int, of stream: HTTP2Stream) { session.consume(count, of: stream) }

    // MARK: The connection

    /// Writes frames into `output` until nothing is left that may leave, or `limit` bytes wait there.
    package mutating func write(into output: inout ByteBuffer, limit: Int) throws(HTTP2Error) {
        try session.write(into: &output, limit: limit)
    }

    /// Something waits that could be written.
    package var wantsWrite: Bool { session.wantsWrite }

    /// Ends everything behind a last GOAWAY.
    package mutating func terminate(_ code: HTTP2ErrorCode) { session.terminate(code) }

    /// False once both sides have nothing more to say.
    package var isOpen: Bool { session.isOpen }

    /// Forgets a stream whose `closed` was heard.
    package mutating func takeBack(_ stream: HTTP2Stream) { session.takeBack(stream) }

    /// Streams that are open.
    package var openStreams: Int { session.open.count }
}
