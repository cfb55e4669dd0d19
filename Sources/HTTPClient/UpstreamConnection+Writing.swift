import Bytes
import HTTP
import Sockets
import Time

/// What the handler wishes to say to the server, noted or written, and the one send of a turn.
extension UpstreamConnection {
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

    func end(_ write: (inout HTTP1ClientEngine, inout ByteBuffer) throws(HTTP1Error) -> Void) {
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
    func flush() {
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
}
