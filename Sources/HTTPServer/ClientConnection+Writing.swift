import Bytes
import HTTP
import Sockets
import Time

extension ClientConnection {
    /// Bytes from which on they are given to the kernel at once rather than at the end of the turn.
    static let pushSize = 64 << 10

    func sendInterim(_ status: Int, _ fields: borrowing Fields) {
        guard state.hasExchange, state.response == .none else { return }
        willWrite()
        engine.writeInterim(status, fields, into: &output)
        touch()
    }

    func sendHead(_ status: Int, reason: Span<UInt8>?, _ fields: borrowing Fields, framing: ResponseFraming) {
        guard state.hasExchange, state.response == .none else { return }
        // Announced here, since behind the answer there will be no reading on (G12).
        if state.request != .ended, !restIsBounded { engine.closeAfterResponse() }
        endsWithClose = framing == .unknown && exchange?.head.version == .http10
        willWrite()
        worker.refreshDate()
        let date = worker.date
        let before = output.count
        engine.writeHead(status, reason: reason, fields, framing: framing, date: date.buffer.bytes, into: &output)
        exchange?.bytesOut += output.count - before
        state.response = .started
        touch()
    }

    func switchProtocols(_ fields: borrowing Fields) {
        guard state.hasExchange, state.response == .none, state.request == .ended else { return }
        willWrite()
        engine.writeSwitchingProtocols(fields, into: &output)
        state.request = .body
        state.response = .started
        isTunnel = true
        endsWithClose = true
        // Bytes that arrived behind the handshake belong to the tunnel now.
        mustFeed = true
        touch()
    }

    func send(_ piece: Span<UInt8>) {
        guard state.hasExchange, state.response == .started, !isAborted else { return }
        willWrite()
        let before = output.count
        do {
            try engine.writeBody(piece, into: &output)
        } catch {
            // The handler sends more than its head announced: the client must not take it for whole.
            isAborted = true
        }
        exchange?.bytesOut += output.count - before
        if output.count >= Self.pushSize { push() }
        if output.count >= worker.settings.highWaterMark { wasFull = true }
        touch()
    }

    var canSend: Bool { output.count < worker.settings.highWaterMark }

    func finish() {
        guard state.hasExchange, state.response == .started, !isAborted else { return }
        willWrite()
        let before = output.count
        do {
            try engine.writeEnd(into: &output)
            finished(wrote: output.count - before)
        } catch {
            isAborted = true
        }
        touch()
    }

    func finish(trailers: borrowing Fields) {
        guard state.hasExchange, state.response == .started, !isAborted else { return }
        willWrite()
        let before = output.count
        do {
            try engine.writeEnd(trailers: trailers, into: &output)
            finished(wrote: output.count - before)
        } catch {
            isAborted = true
        }
        touch()
    }

    func finished(wrote bytes: Int) {
        exchange?.bytesOut += bytes
        state.response = .ended
        // What the client still sends into a tunnel that is over goes nowhere.
        if isTunnel { state.request = .ended }
    }

    func abort() {
        guard state.hasExchange else { return }
        isAborted = true
        touch()
    }

    func pauseReading() { state.isPaused = true }

    func resumeReading() {
        guard state.isPaused else { return }
        state.isPaused = false
        mustFeed = true
        deadlines.bodyMoved = worker.loop.now
        touch()
    }

    func willWrite() {
        if output.isEmpty { deadlines.outputMoved = worker.loop.now }
        worker.loop.buffers.lend(&output)
    }

    /// Gives the kernel what it takes.
    ///
    /// Calls nobody.
    func push() {
        guard canWrite, !output.isEmpty else { return }
        do {
            let count = try socket.send(output.bytes)
            if count > 0 { deadlines.outputMoved = worker.loop.now }
            if count < output.count { canWrite = false }
            output.consume(count)
        } catch {
            isBroken = true
            canWrite = false
        }
    }

    /// The one send of a turn, and what follows from it.
    func flush() {
        push()
        if isBroken {
            lose(.clientLeft)
            return
        }
        if output.isEmpty { worker.loop.buffers.take(&output) }
        if case .flushing = state.phase, output.isEmpty {
            bow()
            return
        }
        if output.count <= worker.settings.highWaterMark / 2 {
            if wasFull, let exchange, let handler = exchange.handler {
                wasFull = false
                isWorking = true
                handler.canSendMore(exchange)
                isWorking = false
                touch()
            }
            // A pipelined request may have waited for room.
            if state.request == .awaited, !input.isEmpty || canRead { touch() }
        }
        if state.isDraining, state.isKept, isIdle { close() }
    }
}
