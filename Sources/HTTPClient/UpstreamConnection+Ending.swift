import Bytes
import HTTP
import Sockets
import Telemetry
import Time

/// The end of a stream, behind which the connection waits for another or closes.
extension UpstreamConnection {
    /// The response is whole: the connection serves again, or closes.
    func conclude() {
        guard let stream else { return }
        let keeps = state.canBeKept(
            engineAgrees: engine.canBeReused,
            inputWaits: channel.canRead || channel.holdsInput || channel.peerHasClosed || channel.sendFailed)
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

    func fail(_ failure: UpstreamFailure) {
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

    func giveUp() {
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
