package import Bytes

/// One connection of a server, as a function of bytes (RFC 9112).
///
/// One exchange at a time:
///
/// ```
/// request    head ──► body ──► ended ─┐
///              └──────────────────────┤ both: startNext(), or mustClose
/// response   awaited ──► body ──► ended ┘
/// ```
///
/// After any error nothing more is read and ``mustClose`` holds (G12).
package struct HTTP1ServerEngine: ~Copyable {
    private enum Request {
        case head
        case body
        case ended
        /// After `101`: every byte belongs to the tunnel.
        case tunnel
        case failed
    }

    private enum Response {
        case awaited
        case body
        case ended
    }

    private var limits: HTTPLimits
    private var request = Request.head
    private var response = Response.awaited
    private var reader: HeadReader<RequestLine>
    /// Of a request in its body; beside the state, where it is read without being moved.
    private var bodyReader: BodyReader
    private var body = BodyWriter()

    private var version = HTTPVersion.http11
    private var isHeadRequest = false
    private var acceptsTrailers = false
    private var isUpgrade = false
    /// The client waits for `100 Continue` before it sends its body.
    private var clientWaits = false

    /// The trailer fields of the request, once it has ended; filtered (G11).
    package private(set) var trailers = Fields()

    /// No further exchange may follow the current one.
    package private(set) var mustClose = false

    package init(limits: HTTPLimits) {
        self.limits = limits
        reader = Self.reader(limits)
        bodyReader = BodyReader(.none, limits)
    }

    private static func reader(_ limits: HTTPLimits) -> HeadReader<RequestLine> {
        HeadReader(
            maximumLine: limits.requestLine, maximumSection: limits.headerBytes, maximumFields: limits.headers)
    }

    // MARK: The request

    /// True between requests: no byte of the next head has come, an empty line aside.
    package var isIdle: Bool {
        if case .head = request { reader.isFresh } else { false }
    }

    /// True while nothing at all has come: another engine may take this one's place.
    package var isUntouched: Bool {
        if case .head = request { reader.phase == .fresh } else { false }
    }

    /// True when the request has ended; what comes next is another one.
    package var requestHasEnded: Bool {
        if case .ended = request { true } else { false }
    }

    /// Reads a prefix of `bytes` and returns at the first event; call again with the rest until it answers `needMore`.
    ///
    /// Pieces of a head are kept in `head`: give the same one until `.head`; what a former request left in it is
    /// forgotten. After `.head` an empty rest still needs a call: it may be the end.
    ///
    /// After `.end` nothing is consumed before ``startNext()``.
    package mutating func receive(
        _ bytes: Span<UInt8>, head: RequestHead
    ) throws(HTTP1Error) -> (consumed: Int, event: ServerEvent) {
        do {
            switch request {
            case .head:
                return try receiveHead(bytes, head)
            case .body:
                let (consumed, found) = try bodyReader.read(bytes, trailers: &trailers)
                switch found {
                case .needMore:
                    return (consumed, .needMore)
                case .data(let range):
                    // A client that sends its body does not wait any more.
                    clientWaits = false
                    return (consumed, .body(range))
                case .end:
                    clientWaits = false
                    request = .ended
                    return (consumed, .end)
                }
            case .ended:
                return (0, .needMore)
            case .tunnel:
                return bytes.isEmpty ? (0, .needMore) : (bytes.count, .body(0..<bytes.count))
            case .failed:
                return (bytes.count, .needMore)
            }
        } catch {
            request = .failed
            mustClose = true
            throw error
        }
    }

    private mutating func receiveHead(
        _ bytes: Span<UInt8>, _ head: RequestHead
    ) throws(HTTP1Error) -> (consumed: Int, event: ServerEvent) {
        if reader.isFresh, !head.isEmpty { head.reset() }
        let (consumed, isComplete) = try reader.read(bytes, line: &head.content.line, into: &head.content.fields)
        guard isComplete else { return (consumed, .needMore) }
        version = head.version
        isHeadRequest = head.method == .head
        try head.content.judge()
        acceptsTrailers = head.acceptsTrailers
        isUpgrade = head.isUpgrade
        clientWaits = head.expectsContinue
        if !head.keepAlive { mustClose = true }
        bodyReader = BodyReader(head.framing, limits)
        request = .body
        return (consumed, .head)
    }

    // MARK: The response

    /// Closes after the current response even where the client would go on (drain, an unread body).
    package mutating func closeAfterResponse() { mustClose = true }

    /// Writes an interim response (RFC 9110, section 15.2), any number before the final one; none to an HTTP/1.0 client.
    package mutating func writeInterim(_ status: Int, _ fields: borrowing Fields, into output: inout ByteBuffer) {
        precondition(status >= 100 && status <= 199 && status != 101, "not an interim status")
        guard case .awaited = response else { preconditionFailure("the final response has begun") }
        if status == 100 { clientWaits = false }
        if version == .http10 { return }
        StatusLine.write(status, reason: nil, into: &output)
        fields.writeMessageFields(into: &output)
        output.append("\r\n")
    }

    /// Writes the final head: status line, `fields` without what belongs to the connection, then `Date` (unless `fields`
    /// has one), the framing and `Connection`.
    ///
    /// HEAD, 204 and 304 have no body: what is written to it goes nowhere. An HTTP/1.0 client gets a body of unknown
    /// length up to the close (RFC 9112, sections 6.1 and 6.3).
    ///
    /// `reason` is the upstream's phrase, already judged, or nil for the usual one; `date` an `IMF-fixdate`, or empty for
    /// none.
    package mutating func writeHead(
        _ status: Int, reason: Span<UInt8>?, _ fields: borrowing Fields, framing: ResponseFraming, date: Span<UInt8>,
        into output: inout ByteBuffer
    ) {
        precondition(status >= 200 && status <= 599, "not a final status")
        guard case .awaited = response else { preconditionFailure("a second final response") }
        response = .body
        // An answer before a body that may or may not come still: nobody could tell it from the next request (G38).
        if clientWaits { mustClose = true }
        // What may have come behind a handshake was meant for a tunnel: nobody reads it as a request (G62).
        if isUpgrade { mustClose = true }
        StatusLine.write(status, reason: reason, into: &output)
        fields.writeMessageFields(into: &output)
        if !fields.contains(.date), !date.isEmpty {
            output.append("Date: ")
            output.append(date)
            output.append("\r\n")
        }
        writeFraming(status, framing, into: &output)
        writeConnection(upgrade: fields.contains(.upgrade), into: &output)
        output.append("\r\n")
    }

    private mutating func writeFraming(_ status: Int, _ framing: ResponseFraming, into output: inout ByteBuffer) {
        let hasNoBody = isHeadRequest || status == 204 || status == 304
        switch framing {
        case .length(let length) where status != 204:
            output.append("Content-Length: ")
            output.append(decimal: length)
            output.append("\r\n")
            body = BodyWriter(.fixed(remaining: length))
        case .length:
            break
        case .none:
            // Neither length nor coding would mean "until the close" (RFC 9112, section 6.3).
            if !hasNoBody { output.append("Content-Length: 0\r\n") }
            body = BodyWriter(.fixed(remaining: 0))
        case .unknown where hasNoBody: break
        case .unknown where version == .http10:
            mustClose = true
            body = BodyWriter(.raw)
        case .unknown:
            output.append("Transfer-Encoding: chunked\r\n")
            body = BodyWriter(.chunked)
        }
        if hasNoBody { body = BodyWriter(.discarded) }
    }

    private func writeConnection(upgrade: Bool, into output: inout ByteBuffer) {
        if mustClose {
            output.append(upgrade ? "Connection: close, upgrade\r\n" : "Connection: close\r\n")
        } else if upgrade {
            output.append("Connection: upgrade\r\n")
        } else if version == .http10 {
            output.append("Connection: keep-alive\r\n")
        }
    }

    /// Writes `101` and turns the connection into a tunnel: bytes then pass both ways as they are.
    ///
    /// `fields` hold `Upgrade` and what the handshake needs. Only for a request with ``RequestHead/isUpgrade`` that has
    /// ended.
    package mutating func writeSwitchingProtocols(_ fields: borrowing Fields, into output: inout ByteBuffer) {
        guard case .awaited = response, case .ended = request, isUpgrade else {
            preconditionFailure("nobody asked for another protocol")
        }
        StatusLine.write(101, reason: nil, into: &output)
        fields.writeMessageFields(into: &output)
        output.append("Connection: upgrade\r\n\r\n")
        mustClose = true
        request = .tunnel
        response = .body
        body = BodyWriter(.raw)
    }

    /// Writes a piece of the body.
    package mutating func writeBody(_ bytes: Span<UInt8>, into output: inout ByteBuffer) throws(HTTP1Error) {
        try body.write(bytes, into: &output)
    }

    /// For bytes that leave without passing through `output`: writes what stands before a piece of `count` bytes.
    ///
    /// False when they must not be sent; else ``closePiece(into:)`` follows them.
    package mutating func openPiece(_ count: Int, into output: inout ByteBuffer) throws(HTTP1Error) -> Bool {
        try body.openPiece(count, into: &output)
    }

    /// Writes what stands behind a piece.
    package func closePiece(into output: inout ByteBuffer) { body.closePiece(into: &output) }

    /// Ends the response.
    package mutating func writeEnd(into output: inout ByteBuffer) throws(HTTP1Error) {
        try body.end(into: &output)
        response = .ended
    }

    /// Ends the response with trailer fields; they are left out for a client that did not ask for them (G11).
    package mutating func writeEnd(trailers: borrowing Fields, into output: inout ByteBuffer) throws(HTTP1Error) {
        if acceptsTrailers {
            try body.end(trailers: trailers, into: &output)
        } else {
            try body.end(into: &output)
        }
        response = .ended
    }

    /// True once the final head was written.
    package var responseHasBegun: Bool {
        if case .awaited = response { false } else { true }
    }

    package var responseHasEnded: Bool {
        if case .ended = response { true } else { false }
    }

    /// True when both sides have ended and another request may come.
    package var canStartNext: Bool {
        guard case .ended = response, case .ended = request else { return false }
        return !mustClose
    }

    /// Begins the next exchange.
    package mutating func startNext() {
        precondition(canStartNext, "the exchange is not over, or was the last")
        restart()
    }

    /// Begins the request of another connection, whatever became of the one before.
    package mutating func begin(limits: HTTPLimits) {
        self.limits = limits
        mustClose = false
        restart()
    }

    private mutating func restart() {
        request = .head
        response = .awaited
        reader = Self.reader(limits)
        trailers.clear()
        body = BodyWriter()
        version = .http11
        isHeadRequest = false
        acceptsTrailers = false
        isUpgrade = false
        clientWaits = false
    }
}
