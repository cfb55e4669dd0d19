import Bytes
import HTTP
import Sockets
import Time

/// What the server says, and what becomes of the stream by it.
extension UpstreamConnection {
    func read() {
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

    func feedHeldInput() {
        mustFeed = false
        var held = ByteBuffer()
        channel.takeHeld(&held)
        held.consume(feed(held.bytes))
        if state.phase != .busy { held.clear() }
        channel.putBack(&held, loop)
    }

    /// Gives bytes to the engine, event by event; how many it took.
    func feed(_ bytes: Span<UInt8>) -> Int {
        guard let stream else { return 0 }
        var at = 0
        while state.wantsInput, !isCancelled, self.stream === stream {
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
                if !engine.trailers.isEmpty { stream.take(trailers: engine.trailers) }
            }
        }
        return at
    }

    /// The server sends nothing more.
    func inputEnded() {
        do {
            if case .end = try engine.peerClosed() { state.response = .ended }
        } catch {
            fail(error == .closedBeforeResponse ? .closedBeforeResponse : .truncated)
        }
    }

    /// Under TLS 1.3 a server looks at our certificate only when we have begun to speak, so its refusal may come this late.
    func cipherFailed() {
        channel.push(loop)
        if let word = channel.cipherFailure, stream?.hasResponse == false {
            fail(.handshake(HandshakeFault(word)))
        } else {
            connectionLost()
        }
    }

    func connectionLost() {
        fail(stream?.hasResponse == true ? .truncated : .closedBeforeResponse)
    }
}
