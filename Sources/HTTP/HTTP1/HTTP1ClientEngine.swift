package import Bytes

/// One connection of a client, as a function of bytes (RFC 9112).
///
/// ```
/// request    idle ──► body ──► ended ─┐
/// response   head ──► body ──► ended ─┴► canBeReused: writeHead(…) again
///             ▲  │ interim
///             └──┘
/// ```
package struct HTTP1ClientEngine: ~Copyable {
    private enum Request {
        case idle
        case body
        case ended
    }

    private enum Response {
        case head
        case body
        case ended
        case failed
    }

    private let limits: HTTPLimits
    private var request = Request.idle
    private var response = Response.head
    private var reader: HeadReader<StatusLine>
    /// Of a response in its body; beside the state, where it is read without being moved.
    private var bodyReader: BodyReader
    private var body = BodyWriter()
    private var asksForHead = false
    private var asksForUpgrade = false
    private var keepsAlive = true
    /// The head is an interim one, to be emptied before the next.
    private var headIsInterim = false

    /// The trailer fields of the response, once it has ended; filtered (G11).
    package private(set) var trailers = Fields()

    package init(limits: HTTPLimits) {
        self.limits = limits
        reader = Self.reader(limits)
        bodyReader = BodyReader(.none, limits)
    }

    private static func reader(_ limits: HTTPLimits) -> HeadReader<StatusLine> {
        HeadReader(
            maximumLine: limits.headerBytes, maximumSection: limits.headerBytes, maximumFields: limits.headers,
            skipsEmptyLine: false)
    }

    // MARK: The request

    /// Writes the head of a request: request line in HTTP/1.1, `fields` (`Host` among them) without what belongs to the
    /// connection, then the framing, and `Connection` where an `Upgrade` or `TE` field needs it (G20).
    ///
    /// Only on a fresh connection or when ``canBeReused``.
    package mutating func writeHead(
        method: Span<UInt8>, target: Span<UInt8>, _ fields: borrowing Fields, framing: BodyFraming,
        into output: inout ByteBuffer
    ) {
        begin()
        precondition(Token.isToken(method), "not a method")
        precondition(Self.isTarget(target), "not a request target")
        asksForHead = method.equals("HEAD")
        asksForUpgrade = fields.contains(.upgrade)
        output.append(method)
        output.append(" ")
        output.append(target)
        output.append(" HTTP/1.1\r\n")
        fields.writeMessageFields(into: &output)
        switch framing {
        case .none:
            // RFC 9110, section 8.6: where a method has a body in mind its absence is said.
            if method.equals("POST") || method.equals("PUT") || method.equals("PATCH") {
                output.append("Content-Length: 0\r\n")
            }
            body = BodyWriter(.fixed(remaining: 0))
        case .length(let length):
            output.append("Content-Length: ")
            output.append(decimal: length)
            output.append("\r\n")
            body = BodyWriter(.fixed(remaining: length))
        case .chunked:
            output.append("Transfer-Encoding: chunked\r\n")
            body = BodyWriter(.chunked)
        case .untilClose:
            preconditionFailure("a request cannot end with its connection")
        }
        switch (asksForUpgrade, fields.contains(.te)) {
        case (true, true): output.append("Connection: upgrade, TE\r\n")
        case (true, false): output.append("Connection: upgrade\r\n")
        case (false, true): output.append("Connection: TE\r\n")
        case (false, false): break
        }
        output.append("\r\n")
    }

    private mutating func begin() {
        if case .idle = request {} else { precondition(canBeReused, "the exchange is not over, or was the last") }
        request = .body
        response = .head
        reader = Self.reader(limits)
        trailers.clear()
        headIsInterim = false
    }

    /// Visible ASCII: a space or a line break would begin another request.
    private static func isTarget(_ target: Span<UInt8>) -> Bool {
        if target.isEmpty { return false }
        for index in target.indices where target[index] <= 0x20 || target[index] >= 0x7F { return false }
        return true
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

    /// Ends the request.
    package mutating func writeEnd(into output: inout ByteBuffer) throws(HTTP1Error) {
        try body.end(into: &output)
        request = .ended
    }

    /// Ends the request with trailer fields, which only chunked coding can carry.
    package mutating func writeEnd(trailers: borrowing Fields, into output: inout ByteBuffer) throws(HTTP1Error) {
        try body.end(trailers: trailers, into: &output)
        request = .ended
    }

    // MARK: The response

    /// Reads a prefix of `bytes` and returns at the first event; call again with the rest until it answers `needMore`.
    ///
    /// Pieces of a head are kept in `head`: give the same one until `.head`; what a former response left in it is
    /// forgotten. After `.head` an empty rest still needs a call: it may be the end. Bytes that no request asked for are
    /// swallowed and end ``canBeReused`` (G51): they are never the next response.
    package mutating func receive(
        _ bytes: Span<UInt8>, head: ResponseHead
    ) throws(HTTP1Error) -> (consumed: Int, event: ClientEvent) {
        if bytes.isEmpty, case .head = response { return (0, .needMore) }
        do {
            switch (request, response) {
            case (_, .failed), (.idle, _), (_, .ended):
                if !bytes.isEmpty { keepsAlive = false }
                return (bytes.count, .needMore)
            case (_, .head):
                return try receiveHead(bytes, head)
            case (_, .body):
                let (consumed, found) = try bodyReader.read(bytes, trailers: &trailers)
                switch found {
                case .needMore:
                    return (consumed, .needMore)
                case .data(let range):
                    return (consumed, .body(range))
                case .end:
                    response = .ended
                    if consumed < bytes.count { keepsAlive = false }
                    return (consumed, .end)
                }
            }
        } catch {
            response = .failed
            keepsAlive = false
            throw error
        }
    }

    private mutating func receiveHead(
        _ bytes: Span<UInt8>, _ head: ResponseHead
    ) throws(HTTP1Error) -> (consumed: Int, event: ClientEvent) {
        if reader.isFresh, !head.isEmpty { head.reset() }
        headIsInterim = false
        let (consumed, isComplete) = try reader.read(bytes, line: &head.content.line, into: &head.content.fields)
        guard isComplete else { return (consumed, .needMore) }
        try head.content.judge(toHead: asksForHead)
        if head.status < 200 {
            reader = Self.reader(limits)
            if head.status == 101 {
                // Nobody asked: what follows would be read by the wrong rules (RFC 9110, section 15.2.2).
                guard asksForUpgrade else { throw .unexpectedUpgrade }
                head.content.framing = .untilClose
            } else {
                // An interim response that announces a body may be followed by one: this connection ends here (G53).
                if !head.keepAlive { keepsAlive = false }
                headIsInterim = true
                return (consumed, .interim)
            }
        }
        if !head.keepAlive || head.framing == .untilClose { keepsAlive = false }
        if head.status == 101 { body = BodyWriter(.raw) }
        bodyReader = BodyReader(head.framing, limits)
        response = .body
        return (consumed, .head)
    }

    /// The peer will send nothing more: the end of a body without length, else an incomplete response (G52).
    package mutating func peerClosed() throws(HTTP1Error) -> ClientEvent {
        keepsAlive = false
        switch (request, response) {
        case (.idle, _), (_, .ended), (_, .failed): return .needMore
        case (_, .head):
            let error = reader.isFresh && !headIsInterim ? HTTP1Error.closedBeforeResponse : .truncated
            response = .failed
            throw error
        case (_, .body):
            guard bodyReader.endsWithConnection else {
                response = .failed
                throw .truncated
            }
            response = .ended
            return .end
        }
    }

    /// True when another request may be written: nothing was written yet, or request and response are whole, the server
    /// keeps the connection, and not one byte too many has come.
    package var canBeReused: Bool {
        guard keepsAlive else { return false }
        switch (request, response) {
        case (.idle, _), (.ended, .ended): return true
        default: return false
        }
    }

    /// True when the response has ended; with ``canBeReused`` false the connection must close.
    package var responseHasEnded: Bool {
        if case .ended = response { true } else { false }
    }
}
