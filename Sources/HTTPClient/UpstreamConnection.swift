import Bytes
import HTTP
import Sockets
import Telemetry
import Time

/// One connection to a server of an upstream: serves one stream at a time, and waits in its endpoint's pool between them.
///
/// The same three rules as on the side of the clients: handlers are called only from ``work()``, which never runs inside
/// itself; what they ask for is noted or written to the channel; and only ``work()`` reads.
final class UpstreamConnection: EventTarget, TurnTarget, TimerTarget, UpstreamCarrier {
    /// Kept alive by its connections, since it may have been replaced.
    let pool: UpstreamPool
    let endpoint: UpstreamEndpoint
    let address: SocketAddress
    private var channel: Channel
    private var seat: Slot?
    private var timer: TimerWheel.Timer?

    private(set) var engine = HTTP1ClientEngine(limits: .response)
    private(set) var state = UpstreamConnectionState()
    private var deadlines: UpstreamDeadlines
    private var stream: UpstreamStream?

    /// The engine may have an event ready although no byte is left (the end of a body after a pause).
    private var mustFeed = false
    private var isWorking = false
    private var isPutOff = false
    private var isCancelled = false
    /// The socket is connected; what may follow is the handshake.
    private var hasConnected = false
    /// `canSend` was false; the handler will be told when it is true again.
    private var wasFull = false
    /// Our direction of a tunnel ends when all has left.
    private var endsWhenFlushed = false
    private var writeError: HTTP1Error?

    /// Reads in a row before other connections have their turn.
    private static let readsInARow = 4
    /// Bytes that may wait for the server before their source is paused.
    private static let highWaterMark = 128 << 10
    /// Pieces from this size on go to the kernel at once, without a copy, rather than at the end of the turn.
    private static let pushSize = 8 << 10

    /// Begins to connect for `stream`.
    init(
        _ endpoint: UpstreamEndpoint, _ socket: consuming Socket, _ cipher: (any ByteCipher)?,
        _ address: SocketAddress, for stream: UpstreamStream, until: Instant
    ) throws(SystemError) {
        pool = endpoint.pool
        self.endpoint = endpoint
        self.address = address
        self.stream = stream
        let loop = endpoint.pool.loop
        channel = Channel(socket, cipher: cipher, isConnected: false, now: loop.now)
        deadlines = UpstreamDeadlines(now: loop.now)
        deadlines.connectUntil = until
        seat = try loop.watch(channel.descriptor, .connection, for: self)
        timer = loop.timers.add(self)
        moveDeadline()
    }

    private var loop: EventLoop { pool.loop }

    /// Takes a stream while the connection is idle.
    func lease(_ stream: UpstreamStream) {
        self.stream = stream
        stream.carrier = self
        state.lease()
        wasFull = false
        deadlines.requestEnded = loop.now
    }

    // MARK: News from the loop

    func ready(_ readiness: Readiness) {
        channel.note(readiness)
        switch state.phase {
        case .closed: return
        case .connecting:
            if hasConnected {
                shakeHands()
            } else if channel.canWrite || channel.canRead {
                decideConnecting()
            }
        case .idle:
            // Nobody has asked: whatever arrives is the end, or the first bytes of a stolen response (G51).
            if channel.canRead, !readsOnlyCipher() { close() }
        case .busy:
            // Bytes that came before the request left are not its answer (G51); its handler may safely ask elsewhere.
            if channel.canRead, stream?.hasSent == false, !readsOnlyCipher() { connectionLost() } else { work() }
        }
        if state.phase == .closed { return }
        if channel.waiting > 0 { touch() }
        moveDeadline()
    }

    func turnEnding() {
        isPutOff = false
        if state.phase == .closed { return }
        if isCancelled, state.phase == .connecting {
            endpoint.pending -= 1
            giveUp()
            endpoint.leaderLeft()
            return
        }
        work()
        if state.phase == .busy { flush() }
        if state.phase != .closed { moveDeadline() }
    }

    func deadlinePassed(_ timer: TimerWheel.Timer) {
        guard let next = nextDeadline else { return }
        if next.at > loop.now {
            moveDeadline()
            return
        }
        switch next.verdict {
        case .closeIdle: close()
        case .connectTimeout: connectingFailed(.connectTimeout)
        case .responseTimeout: fail(.responseTimeout)
        case .idleTimeout: fail(.idleTimeout)
        }
    }

    private var nextDeadline: (at: Instant, verdict: UpstreamDeadlines.Verdict)? {
        deadlines.next(
            state, outputWaits: channel.waiting > 0, outputMoved: channel.outputMoved, pool.patience)
    }

    private func moveDeadline() {
        guard let timer else { return }
        loop.timers.set(timer, nextDeadline?.at ?? .distantFuture)
    }

    /// See to this connection at the end of the turn.
    private func touch() {
        if isPutOff || isWorking { return }
        isPutOff = true
        loop.putOff(self)
    }

    // MARK: Connecting

    private func decideConnecting() {
        if let error = channel.connectionError {
            connectingFailed(UpstreamFailure(connecting: error))
            return
        }
        hasConnected = true
        if channel.isHandshaking {
            channel.beginHandshake(loop)
            shakeHands()
        } else {
            begin()
        }
    }

    /// Brings the handshake forward; the time for it is what connecting has left.
    private func shakeHands() {
        var failure: UpstreamFailure?
        loop.scratch.use { scratch in
            while channel.isHandshaking, channel.canRead, failure == nil {
                do {
                    switch try channel.receive(into: scratch, loop) {
                    case .nothing: break
                    case .failed: failure = .handshake(HandshakeFault(channel.cipherFailure ?? "internal"))
                    // In HTTP/2 the server's settings may come in the same breath.
                    case .bytes where channel.applicationProtocol == .http2:
                        channel.hold(scratch.buffer.bytes, loop)
                    // A server speaks when it is spoken to (G51).
                    case .bytes, .end: failure = .handshake(HandshakeFault("unexpected_message"))
                    }
                } catch {
                    failure = .handshake(HandshakeFault("closed"))
                }
            }
        }
        channel.push(loop)
        if let failure {
            connectingFailed(failure)
        } else if channel.sendFailed {
            connectingFailed(.handshake(HandshakeFault("closed")))
        } else if !channel.isHandshaking {
            begin()
        }
    }

    /// Reads what is the cipher's own business, such as tickets; false when there was something else.
    private func readsOnlyCipher() -> Bool {
        guard channel.isEncrypted else { return false }
        var isAll = true
        loop.scratch.use { scratch in
            while isAll, channel.canRead { isAll = (try? channel.receive(into: scratch, loop)) == .nothing }
        }
        return isAll
    }

    /// The connection is there: its first stream begins.
    private func begin() {
        guard let stream else { return }
        endpoint.connected(to: address)
        if pool.settings.http2 {
            // On TLS the server has chosen; on plain text it is known to us ahead (RFC 9113, sections 3.2 and 3.3).
            if !channel.isEncrypted || channel.applicationProtocol == .http2 {
                goOnInHTTP2(stream)
                return
            }
            endpoint.serverSpeaksHTTP1()
        }
        lease(stream)
        isWorking = true
        stream.handler?.upstreamReady(stream)
        isWorking = false
        touch()
    }

    /// Lets a ``SharedConnection`` take over, for this stream and others.
    private func goOnInHTTP2(_ stream: UpstreamStream) {
        self.stream = nil
        state.phase = .closed
        if let seat { loop.forget(seat, stillOpen: channel.descriptor) }
        if let timer { loop.timers.remove(timer) }
        seat = nil
        timer = nil
        if isCancelled { stream.handler = nil }
        endpoint.share(channel.moveAway(), address, for: stream)
    }

    private func connectingFailed(_ failure: UpstreamFailure) {
        guard let stream else { return }
        self.stream = nil
        close()
        endpoint.connectingFailed(stream, address, failure)
    }

    // MARK: Work

    /// Whoever calls it sees to the flush: what cannot be flushed waits for the kernel, not for another turn.
    private func work() {
        isWorking = true
        var reads = 0
        while state.phase == .busy {
            if settle() { break }
            guard state.wantsInput else { break }
            if mustFeed || !channel.input.isEmpty {
                feedHeldInput()
            } else if channel.canRead {
                if reads == Self.readsInARow {
                    isWorking = false
                    touch()
                    return
                }
                reads += 1
                read()
            } else {
                break
            }
        }
        isWorking = false
    }

    /// Draws the consequences of what was noted meanwhile; true when the stream is over.
    private func settle() -> Bool {
        if isCancelled {
            giveUp()
        } else if let writeError {
            fail(.badRequest(writeError))
        } else if state.response == .ended {
            conclude()
        } else {
            return false
        }
        return true
    }

    private func read() {
        loop.scratch.use { scratch in
            do {
                switch try channel.receive(into: scratch, loop) {
                case .nothing: break
                case .failed: cipherFailed()
                case .end: inputEnded()
                case .bytes:
                    let bytes = scratch.buffer.bytes
                    let consumed = feed(bytes)
                    if state.phase == .busy { channel.hold(bytes.extracting(consumed..<bytes.count), loop) }
                }
            } catch {
                connectionLost()
            }
        }
    }

    private func feedHeldInput() {
        mustFeed = false
        var held = ByteBuffer()
        channel.takeHeld(&held)
        held.consume(feed(held.bytes))
        if state.phase != .busy { held.clear() }
        channel.putBack(&held, loop)
    }

    /// Gives bytes to the engine, event by event; how many it took.
    private func feed(_ bytes: Span<UInt8>) -> Int {
        var at = 0
        while state.wantsInput, !isCancelled, let stream {
            let rest = bytes.extracting(at..<bytes.count)
            let consumed: Int
            let event: ClientEvent
            do {
                (consumed, event) = try engine.receive(rest, head: stream.head)
            } catch {
                fail(.badResponse(error))
                return bytes.count
            }
            at += consumed
            if consumed > 0 { stream.hasResponse = true }
            switch event {
            case .needMore: return at
            case .interim:
                // 100 is about the request; the others say that an answer is on its way (RFC 9110, section 15.2).
                if stream.head.status != 100 { deadlines.requestEnded = loop.now }
                stream.handler?.upstreamInterim(stream, stream.head)
            case .head:
                state.response = .body
                if stream.head.status == 101 { state.becomeTunnel() }
                deadlines.bodyMoved = loop.now
                stream.handler?.upstreamResponded(stream, stream.head)
            case .body(let range):
                deadlines.bodyMoved = loop.now
                stream.handler?.upstreamReceived(stream, rest.extracting(range))
            case .end:
                state.response = .ended
                if !engine.trailers.isEmpty { stream.trailers.copyContents(of: engine.trailers) }
            }
        }
        return at
    }

    /// The server sends nothing more.
    private func inputEnded() {
        do {
            if case .end = try engine.peerClosed() { state.response = .ended }
        } catch {
            fail(error == .closedBeforeResponse ? .closedBeforeResponse : .truncated)
        }
    }

    /// Under TLS 1.3 a server looks at our certificate only when we have begun to speak, so its refusal may come this late.
    private func cipherFailed() {
        channel.push(loop)
        if let word = channel.cipherFailure, stream?.hasResponse == false {
            fail(.handshake(HandshakeFault(word)))
        } else {
            connectionLost()
        }
    }

    private func connectionLost() {
        fail(stream?.hasResponse == true ? .truncated : .closedBeforeResponse)
    }

    // MARK: Writing

    func sendHead(method: Span<UInt8>, target: Span<UInt8>, _ fields: borrowing Fields, framing: BodyFraming) {
        guard state.phase == .busy, state.request == .unsent, !isCancelled else { return }
        state.request = .body
        channel.willWrite(loop)
        engine.writeHead(method: method, target: target, fields, framing: framing, into: &channel.output)
        touch()
    }

    func send(_ piece: Span<UInt8>) {
        guard state.mayWriteBody, !isCancelled, !channel.sendFailed else { return }
        channel.willWrite(loop)
        do {
            if piece.count < Self.pushSize {
                try engine.writeBody(piece, into: &channel.output)
            } else if try engine.openPiece(piece.count, into: &channel.output) {
                stream?.hasSent = true
                channel.push(piece, loop)
                engine.closePiece(into: &channel.output)
            }
        } catch {
            writeError = error
        }
        if channel.waiting >= Self.highWaterMark { wasFull = true }
        touch()
    }

    var canSend: Bool { channel.waiting < Self.highWaterMark }

    func finish() {
        end { (engine, output) throws(HTTP1Error) in try engine.writeEnd(into: &output) }
    }

    func finish(trailers: borrowing Fields) {
        end { (engine, output) throws(HTTP1Error) in try engine.writeEnd(trailers: trailers, into: &output) }
    }

    private func end(_ write: (inout HTTP1ClientEngine, inout ByteBuffer) throws(HTTP1Error) -> Void) {
        guard state.mayWriteBody, !isCancelled else { return }
        channel.willWrite(loop)
        do {
            try write(&engine, &channel.output)
            state.request = .ended
            deadlines.requestEnded = loop.now
            endsWhenFlushed = state.isTunnel
        } catch {
            writeError = error
        }
        touch()
    }

    func pause() { state.isPaused = true }

    func resume() {
        guard state.isPaused else { return }
        state.isPaused = false
        mustFeed = true
        deadlines.requestEnded = loop.now
        deadlines.bodyMoved = loop.now
        touch()
    }

    /// The one send of a turn.
    private func flush() {
        if !channel.output.isEmpty, channel.canWrite { stream?.hasSent = true }
        channel.push(loop)
        if channel.sendFailed {
            // The server may have answered before it closed (an early 413): what it said is read before we give up.
            channel.dropOutput(loop)
            if channel.canRead { touch() }
            return
        }
        if endsWhenFlushed, channel.waiting == 0 {
            endsWhenFlushed = false
            channel.shutDownSending(loop)
        }
        if wasFull, channel.waiting <= Self.highWaterMark / 2, let stream, let handler = stream.handler {
            wasFull = false
            isWorking = true
            handler.upstreamCanSendMore(stream)
            isWorking = false
            touch()
        }
    }

    // MARK: The end of a stream

    /// The response is whole: the connection serves again, or closes.
    private func conclude() {
        guard let stream else { return }
        let keeps = state.canBeKept(
            engineAgrees: engine.canBeReused,
            inputWaits: channel.canRead || !channel.input.isEmpty || channel.peerHasClosed || channel.sendFailed)
        stream.handler?.upstreamEnded(stream)
        self.stream = nil
        endpoint.succeeded()
        pool.takeBack(stream)
        guard keeps, !isCancelled, endpoint.keep(self) else {
            close()
            return
        }
        state.phase = .idle
        deadlines.idleSince = loop.now
        channel.dropInput(loop)
    }

    private func fail(_ failure: UpstreamFailure) {
        guard let stream else { return }
        self.stream = nil
        close()
        endpoint.failed(failure, wasReused: stream.wasReused)
        pool.deliver(failure, to: stream)
    }

    func cancel() {
        isCancelled = true
        touch()
    }

    private func giveUp() {
        guard let stream else { return }
        self.stream = nil
        // What one end of a tunnel has said before it left is for the other.
        if state.isTunnel { channel.push(loop) }
        close()
        pool.takeBack(stream)
    }

    func close() {
        if state.phase == .closed { return }
        let wasIdle = state.phase == .idle
        if state.phase != .connecting { pool.meters?.connections.decrement() }
        state.phase = .closed
        if let seat { loop.forget(seat) }
        if let timer { loop.timers.remove(timer) }
        seat = nil
        timer = nil
        if wasIdle, !channel.peerHasClosed { channel.sayGoodbye(loop) }
        channel.close(loop)
        endpoint.closed(self, wasIdle: wasIdle)
    }
}

extension UpstreamFailure {
    init(connecting error: SystemError) {
        self = error.isRefusal ? .refused : error.isTimeout ? .connectTimeout : .unreachable
    }
}
