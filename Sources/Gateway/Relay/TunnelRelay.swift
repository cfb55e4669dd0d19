import Bytes
import HTTP
import HTTPClient
import HTTPServer
import Routing
import Sockets
import Telemetry
import Time

/// A WebSocket between browser and upstream: its bytes pass as they are, and their frames are counted on the way.
///
/// An object of its own, so that a request that is none has one reference to look at.
final class TunnelRelay {
    var fromClient = WebSocketFrameCounter(isMasked: true)
    var fromUpstream = WebSocketFrameCounter(isMasked: false)
    /// The tunnel is over but for the rest of a frame on its way to the browser, behind which this goes.
    var farewell: (close: WebSocketClose, until: Instant)?

    /// How long a frame under way is waited for, and a browser that takes its bytes slowly or not at all.
    ///
    /// With the worker's tick this makes less than the second that a session's end may take (E47).
    static let patience = Duration.milliseconds(250)
}

extension RequestJourney {
    /// The request asks for a WebSocket, on a route that has them (G60).
    var wantsTunnel: Bool {
        guard evidence.isWebSocket, let plan, plan.upstream != nil else { return false }
        return plan.settings.allowsWebSocket
    }

    /// Over HTTP/2 the handshake is a CONNECT, and whatever answers it with 2xx has opened its tunnel (RFC 8441, section 4):
    /// nothing else may.
    func mustBeTunnel(_ head: RequestHead) -> Bool { evidence.isWebSocket && head.version == .http2 }

    /// The upstream agrees: from now on the bytes are the two ends' own (G62).
    func openTunnel(_ stream: UpstreamStream, _ head: ResponseHead, _ exchange: Exchange, _ plan: RoutePlan) {
        let accept = WebSocketAccept.value(for: exchange.head)
        // Over HTTP/2 there is neither key nor proof: who does not understand the request cannot agree to it (RFC 8441).
        guard stream.isTunnel || WebSocketHandshake.isAccepted(head, accept: accept) else {
            stream.cancel()
            self.stream = nil
            worker.metrics.upstreamFailures.add()
            worker.log.warning(
                "upstream_failed",
                [
                    ("route", .string(plan.label)), ("failure", "websocket_handshake"),
                    ("request_id", .string(requestIDText)),
                ])
            refuse(.upstreamBroken, exchange)
            return
        }
        guard writeResponseFields(head, plan, into: &worker.responseFields) else {
            stream.cancel()
            self.stream = nil
            refuse(.tokenEchoed, exchange)
            return
        }
        // Frames are nobody's text: what is compressed or cut cannot be searched, and what is rewritten is broken.
        echo.begin(token: [])
        responseBegun = true
        status = 101
        tunnel = TunnelRelay()
        worker.metrics.webSockets.increment()
        worker.responseFields.append(.upgrade, text: "websocket")
        if stream.isTunnel { worker.responseFields.append(.secWebSocketAccept, accept.span) }
        exchange.switchProtocols(worker.responseFields)
        // Those that were open when the drain began have been told.
        if worker.isDraining { endTunnel(.goingAway) }
    }

    // MARK: Bytes on their way

    func tunnelReceived(_ exchange: Exchange, _ piece: Span<UInt8>) {
        guard let stream, let tunnel, tunnel.farewell == nil else { return }
        tunnel.fromClient.follow(piece)
        stream.send(piece)
        if !stream.canSend { exchange.pauseReading() }
    }

    func tunnelReceived(_ stream: UpstreamStream, _ exchange: Exchange, _ piece: Span<UInt8>) {
        guard let tunnel else { return }
        guard tunnel.farewell == nil else {
            // The frame that was under way may end; what is behind it comes too late.
            let rest = tunnel.fromUpstream.followToBorder(piece)
            exchange.send(piece.extracting(0..<rest))
            if tunnel.fromUpstream.isBetweenFrames { finishTunnel(exchange) }
            return
        }
        tunnel.fromUpstream.follow(piece)
        exchange.send(piece)
        if !exchange.canSend { stream.pause() }
    }

    // MARK: The end

    /// Ends the tunnel from here: both ends get a close frame where they stand between two frames, and then no byte more.
    func endTunnel(_ close: WebSocketClose) {
        guard let exchange, let tunnel, tunnel.farewell == nil else { return }
        exchange.pauseReading()
        exchange.endWithin(Delay(TunnelRelay.patience))
        tunnel.farewell = (close, loop.now + TunnelRelay.patience)
        if stream != nil, !tunnel.fromUpstream.isBetweenFrames, !tunnel.fromUpstream.isBroken {
            stream?.resume()
        } else {
            finishTunnel(exchange)
        }
    }

    /// Neither the rest of a frame nor whoever has to take it came in time: the end is one without a word.
    func tunnelWaitedTooLong() {
        guard let exchange else { return }
        stream?.cancel()
        stream = nil
        exchange.abort()
    }

    private func finishTunnel(_ exchange: Exchange) {
        guard let tunnel, let close = tunnel.farewell?.close else { return }
        let frame = worker.masked
        if tunnel.fromUpstream.isBetweenFrames, !tunnel.fromUpstream.hasClosed {
            frame.buffer.clear()
            close.write(into: &frame.buffer)
            exchange.send(frame.buffer.bytes)
        }
        if let stream, tunnel.fromClient.isBetweenFrames, !tunnel.fromClient.hasClosed {
            frame.buffer.clear()
            close.write(maskedWith: .random(in: 0 ... .max), into: &frame.buffer)
            stream.send(frame.buffer.bytes)
        }
        // The stream leaves with the journey, and what was written to it before.
        exchange.finish()
    }
}
