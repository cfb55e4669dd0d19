import Bytes
import HTTP
import Sockets
import Time

/// What the engine tells of streams, and what their handlers hear of it.
extension SharedConnection {
    /// Hears the engine's events out; `bytes` are those it was given last.
    func hear(_ bytes: Span<UInt8>) {
        while let event = engine.nextEvent() {
            switch event {
            case .interim(let stream): interim(stream)
            case .head(let stream): head(stream)
            case .refused(let stream, let error):
                if let owner = owner(of: stream) { giveUp(owner, .badResponse(error)) }
            case .body(let stream, let range): deliver(bytes.extracting(range), of: stream)
            case .end(let stream): ended(stream)
            case .closed(let stream, let code): closed(stream, code)
            case .goAway: serverLeaves()
            case .settings: settled()
            }
        }
    }

    private func owner(of stream: HTTP2Stream) -> SharedStream? {
        guard stream.place >= 0, let owner = streams[stream.place], owner.stream === stream else { return nil }
        return owner
    }

    private func interim(_ stream: HTTP2Stream) {
        guard let owner = owner(of: stream), let upstream = owner.upstream else { return }
        engine.takeHead(into: upstream.head)
        upstream.hasResponse = true
        if upstream.head.status != 100 { owner.requestEnded = loop.now }
        upstream.handler?.upstreamInterim(upstream, upstream.head)
    }

    private func head(_ stream: HTTP2Stream) {
        guard let owner = owner(of: stream), let upstream = owner.upstream else { return }
        engine.takeHead(into: upstream.head)
        upstream.hasResponse = true
        upstream.isTunnel = upstream.asksForTunnel && upstream.head.status < 300
        owner.response = .body
        owner.bodyMoved = loop.now
        watch(for: pool.patience.idle)
        upstream.handler?.upstreamResponded(upstream, upstream.head)
    }

    private func deliver(_ piece: Span<UInt8>, of stream: HTTP2Stream) {
        guard let owner = owner(of: stream), let upstream = owner.upstream, !owner.isCancelled else {
            engine.consume(piece.count, of: stream)
            return
        }
        owner.bodyMoved = loop.now
        guard !owner.isPaused, owner.held.isEmpty else {
            owner.held.append(piece)
            return
        }
        upstream.handler?.upstreamReceived(upstream, piece)
        engine.consume(piece.count, of: stream)
    }

    private func ended(_ stream: HTTP2Stream) {
        guard let owner = owner(of: stream), let upstream = owner.upstream else { return }
        owner.response = .ended
        if !stream.trailers.isEmpty { upstream.take(trailers: stream.trailers) }
        conclude(owner)
    }

    /// Tells the end of a response once everything before it has been taken.
    private func conclude(_ owner: SharedStream) {
        guard owner.response == .ended, owner.held.isEmpty, !owner.isPaused, !owner.isCancelled,
            let upstream = owner.upstream
        else { return }
        // A final response before the request was whole breaks the request off (G22).
        if owner.request != .ended, let stream = owner.stream { engine.reset(stream, .cancel) }
        upstream.handler?.upstreamEnded(upstream)
        endpoint.succeeded()
        release(owner)
        pool.takeBack(upstream)
    }

    /// Draws the consequences of what a stream's handler wished.
    func settle(_ owner: SharedStream) {
        guard let upstream = owner.upstream else { return }
        if owner.isCancelled {
            if let stream = owner.stream {
                engine.consume(owner.held.count, of: stream)
                // What one end of a tunnel has said before it left is for the other.
                if owner.isTunnel, stream.waiting > 0 { pump() }
                engine.reset(stream, .cancel)
            }
            release(owner)
            pool.takeBack(upstream)
            return
        }
        if let failure = owner.failure {
            giveUp(owner, failure)
            return
        }
        if !owner.held.isEmpty, !owner.isPaused {
            var pieces = ByteBuffer()
            swap(&pieces, &owner.held)
            owner.bodyMoved = loop.now
            upstream.handler?.upstreamReceived(upstream, pieces.bytes)
            if let stream = owner.stream { engine.consume(pieces.count, of: stream) }
        }
        conclude(owner)
    }

    /// nghttp2 has done with a stream.
    private func closed(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) {
        if let owner = owner(of: stream) {
            // What is held is memory already; the others' window must not shrink for it.
            if !owner.held.isEmpty { engine.consume(owner.held.count, of: stream) }
            owner.stream = nil
            if owner.response != .ended, let upstream = owner.upstream {
                // Not begun, says the server: any request may be sent once more (G41; RFC 9113, section 8.7).
                if code == .refusedStream { upstream.hasSent = false }
                fail(owner, failure(of: upstream, code, isTheirs: stream.isResetByPeer || code == .refusedStream))
            }
        }
        engine.takeBack(stream)
    }

    private func failure(of upstream: UpstreamStream, _ code: HTTP2ErrorCode, isTheirs: Bool) -> UpstreamFailure {
        if !isTheirs, code != .noError { return .protocolError }
        return upstream.hasResponse ? .truncated : .closedBeforeResponse
    }

    /// Resets a stream and tells its handler why.
    func giveUp(_ owner: SharedStream, _ failure: UpstreamFailure) {
        if let stream = owner.stream {
            if !owner.held.isEmpty { engine.consume(owner.held.count, of: stream) }
            engine.reset(stream, .cancel)
        }
        fail(owner, failure)
    }

    func fail(_ owner: SharedStream, _ failure: UpstreamFailure) {
        guard let upstream = owner.upstream else { return }
        endpoint.failed(failure, wasReused: upstream.wasReused)
        release(owner)
        pool.deliver(failure, to: upstream)
    }
}
