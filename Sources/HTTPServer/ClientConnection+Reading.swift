import Bytes
import HTTP
import Sockets
import Time

extension ClientConnection {
    func read() {
        loop.scratch.use { scratch in
            let wasHandshaking = channel.isHandshaking
            let received: Received
            do {
                received = try channel.receive(into: scratch, loop)
            } catch {
                isBroken = true
                return
            }
            // Before the first byte of what was agreed on is looked at.
            if wasHandshaking, !channel.isHandshaking { handshakeEnded() }
            switch received {
            case .nothing: break
            case .failed where wasHandshaking && channel.hearsPlainHTTP: refusePlainHTTP()
            case .failed:
                // The alert leaves, if the kernel takes it; nobody waits for that.
                channel.push(loop)
                isBroken = true
            case .end: inputEnded()
            case .bytes:
                let bytes = scratch.buffer.bytes
                let consumed = feed(bytes)
                if state.phase == .open || isHandedOver {
                    channel.hold(bytes.extracting(consumed..<bytes.count), loop)
                }
            }
        }
    }

    /// Both sides can seal and open: what is spoken from here on is ``Channel/applicationProtocol``.
    private func handshakeEnded() {
        worker.handshakeEnded(.done(isResumed: channel.isResumed), peer)
        preface = nil
        if channel.applicationProtocol == .http2 { leaveToHTTP2() }
    }

    func feedHeldInput() {
        mustFeed = false
        var held = ByteBuffer()
        channel.takeHeld(&held)
        held.consume(feed(held.bytes))
        if state.phase != .open, !isHandedOver { held.clear() }
        channel.putBack(&held, loop)
    }

    /// Gives bytes to the engine, event by event; how many it took.
    func feed(_ bytes: Span<UInt8>) -> Int {
        if state.phase == .lingering {
            droppedBytes += bytes.count
            if droppedBytes > worker.settings.lingerBytes { close() }
            return bytes.count
        }
        if isHandedOver { return 0 }
        var at = 0
        if let matched = preface {
            at = lookForPreface(bytes, after: Int(matched))
            if isHandedOver { return at }
        }
        while state.wantsInput {
            if exchange == nil, at == bytes.count { break }
            let exchange = exchange ?? takeExchange()
            let rest = bytes.extracting(at..<bytes.count)
            let consumed: Int
            let event: ServerEvent
            do {
                (consumed, event) = try exchange.engine.receive(rest, head: exchange.head)
            } catch {
                exchange.bytesIn += rest.count
                refuse(status: error.status, reason: error.reasonCode, .badRequest(error))
                return bytes.count
            }
            at += consumed
            exchange.bytesIn += consumed
            switch event {
            case .needMore:
                noteHeadProgress(exchange)
                return at
            case .head: begin(exchange)
            case .body(let range): deliver(rest.extracting(range), to: exchange)
            case .end:
                state.request = .ended
                if !exchange.engine.trailers.isEmpty { exchange.copyTrailers() }
                exchange.handler?.ended(exchange)
            }
            settle()
            if state.request == .awaited, channel.waiting >= worker.settings.highWaterMark { break }
        }
        return at
    }

    /// Looks at a new connection's first bytes; how many of them were HTTP/2's preface.
    private func lookForPreface(_ bytes: Span<UInt8>, after matched: Int) -> Int {
        guard let more = HTTP2Preface.match(bytes, after: matched) else {
            preface = nil
            // It only looked like it: what was taken for it begins a request.
            if matched > 0 { HTTP2Preface.withPrefix(matched) { _ = feed($0) } }
            return 0
        }
        preface = UInt8(matched + more)
        if matched + more == HTTP2Preface.count { leaveToHTTP2() }
        return more
    }

    private func leaveToHTTP2() {
        isHandedOver = true
        state.close()
    }

    /// Lets an ``HTTP2Connection`` take over where that was decided; true when it has.
    func handOver() -> Bool {
        guard isHandedOver else { return false }
        if let seat { loop.forget(seat, stillOpen: channel.descriptor) }
        if let timer { loop.timers.remove(timer) }
        seat = nil
        timer = nil
        let hasPreface = preface != nil
        preface = nil
        isHandedOver = false
        worker.goOnInHTTP2(channel.moveAway(), peer, slot, prefaceWasRead: hasPreface)
        return true
    }

    func noteHeadProgress(_ exchange: Exchange) {
        guard state.request == .awaited else { return }
        if exchange.engine.isIdle {
            // An empty line before the head is no request yet, but it may be there only once.
            if exchange.engine.isUntouched { letGo(exchange) }
        } else {
            state.request = .head
            deadlines.headBegan = loop.now
        }
    }

    func begin(_ exchange: Exchange) {
        state.request = .body
        deadlines.bodyMoved = loop.now
        exchange.startedAt = loop.now
        droppedBytes = 0
        allowance = .usual
        wasFull = false
        endsWithClose = false
        if state.isDraining { exchange.engine.closeAfterResponse() }
        let handler = worker.source.handler(for: exchange)
        exchange.handler = handler
        handler.began(exchange)
    }

    func deliver(_ piece: Span<UInt8>, to exchange: Exchange) {
        deadlines.bodyMoved = loop.now
        guard state.response != .ended, let handler = exchange.handler else {
            droppedBytes += piece.count
            return
        }
        exchange.bodyBytes += piece.count
        handler.received(exchange, piece)
    }

    /// The client sends nothing more.
    func inputEnded() {
        state.peerHalfClosed = true
        switch state.phase {
        case .lingering, .closed, .flushing: close()
        case .open:
            switch state.request {
            case .awaited, .head:
                // Answers to earlier requests may still wait.
                if let exchange { letGo(exchange) }
                if channel.waiting == 0 { leave() } else { state.part(.close) }
            case .body where isTunnel:
                state.request = .ended
                if let exchange { exchange.handler?.ended(exchange) }
            case .body where state.response == .ended:
                if let exchange { letGo(exchange) }
                state.part(.close)
            case .body: lose(.clientLeft)
            case .ended: break
            }
        }
    }
}
