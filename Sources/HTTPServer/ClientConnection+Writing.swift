import Bytes
import HTTP
import Sockets
import Time

extension ClientConnection {
    /// Pieces from this size on go to the kernel at once, without a copy, rather than at the end of the turn.
    static let pushSize = 8 << 10

    func sendInterim(_ status: Int, _ fields: borrowing Fields) {
        guard state.hasExchange, state.response == .none, let exchange else { return }
        channel.willWrite(loop)
        exchange.engine.writeInterim(status, fields, into: &channel.output)
        if channel.waiting >= worker.settings.highWaterMark { wasFull = true }
        touch()
    }

    func sendHead(_ status: Int, reason: Span<UInt8>?, _ fields: borrowing Fields, framing: ResponseFraming) {
        guard state.hasExchange, state.response == .none, let exchange else { return }
        // Announced here, since behind the answer there will be no reading on (G12).
        if state.request != .ended, !restIsBounded { exchange.engine.closeAfterResponse() }
        if case .unknown = framing { endsWithClose = exchange.head.version == .http10 }
        channel.willWrite(loop)
        worker.refreshDate()
        let date = worker.date
        let before = channel.output.count
        exchange.engine.writeHead(
            status, reason: reason, fields, framing: framing, date: date.buffer.bytes, into: &channel.output)
        exchange.bytesOut += channel.output.count - before
        state.response = .started
        touch()
    }

    func switchProtocols(_ fields: borrowing Fields) {
        guard state.hasExchange, state.response == .none, state.request == .ended, let exchange else { return }
        channel.willWrite(loop)
        let before = channel.output.count
        exchange.engine.writeSwitchingProtocols(fields, into: &channel.output)
        exchange.bytesOut += channel.output.count - before
        state.request = .body
        state.response = .started
        isTunnel = true
        endsWithClose = true
        // Bytes that arrived behind the handshake belong to the tunnel now.
        mustFeed = true
        touch()
    }

    func send(_ piece: Span<UInt8>) {
        guard state.hasExchange, state.response == .started, !isAborted, let exchange else { return }
        channel.willWrite(loop)
        let before = channel.output.count
        do {
            if piece.count < Self.pushSize {
                try exchange.engine.writeBody(piece, into: &channel.output)
                exchange.bytesOut += channel.output.count - before
            } else if try exchange.engine.openPiece(piece.count, into: &channel.output) {
                exchange.bytesOut += channel.output.count - before + piece.count
                channel.push(piece, loop)
                let behind = channel.output.count
                exchange.engine.closePiece(into: &channel.output)
                exchange.bytesOut += channel.output.count - behind
            }
        } catch {
            // The handler sends more than its head announced: the client must not take it for whole.
            isAborted = true
        }
        if channel.waiting >= worker.settings.highWaterMark { wasFull = true }
        touch()
    }

    var canSend: Bool { channel.waiting < worker.settings.highWaterMark }

    func finish() {
        end { (engine, output) throws(HTTP1Error) in try engine.writeEnd(into: &output) }
    }

    func finish(trailers: borrowing Fields) {
        end { (engine, output) throws(HTTP1Error) in try engine.writeEnd(trailers: trailers, into: &output) }
    }

    private func end(_ write: (inout HTTP1ServerEngine, inout ByteBuffer) throws(HTTP1Error) -> Void) {
        guard state.hasExchange, state.response == .started, !isAborted, let exchange else { return }
        channel.willWrite(loop)
        let before = channel.output.count
        do {
            try write(&exchange.engine, &channel.output)
            exchange.bytesOut += channel.output.count - before
            state.response = .ended
        } catch {
            // Less than the head announced: the client must not take it for whole.
            isAborted = true
        }
        touch()
    }

    func abort() {
        guard state.hasExchange else { return }
        isAborted = true
        touch()
    }

    var isAnswering: Bool { state.response == .started }

    func allowStillness(_ time: Delay) { allowance = .still(time) }

    func endWithin(_ time: Delay) {
        allowance = .until(loop.now + time)
        touch()
    }

    func pauseReading() { state.isPaused = true }

    func resumeReading() {
        guard state.isPaused else { return }
        state.isPaused = false
        mustFeed = true
        deadlines.bodyMoved = loop.now
        touch()
    }

    /// The one send of a turn, and what follows from it.
    func flush() {
        channel.push(loop)
        if channel.sendFailed {
            lose(.clientLeft)
            return
        }
        if case .flushing = state.phase, channel.waiting == 0 {
            bow()
            return
        }
        if channel.waiting <= worker.settings.highWaterMark / 2 {
            if wasFull, let exchange, let handler = exchange.handler {
                wasFull = false
                isWorking = true
                handler.canSendMore(exchange)
                isWorking = false
                touch()
            }
            // A pipelined request may have waited for room.
            if state.request == .awaited, channel.holdsInput || channel.canRead { touch() }
        }
        if state.isDraining, !state.hasTime, state.isKept, isIdle { leave() }
    }
}
