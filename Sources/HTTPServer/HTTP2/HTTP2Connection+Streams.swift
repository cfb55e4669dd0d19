import Bytes
import Formats
import HTTP
import Sockets
import Time

/// What the engine tells of streams, and what their handlers hear of it.
extension HTTP2Connection {
    /// Hears the engine's events out; `bytes` are those it was given last.
    func hear(_ bytes: Span<UInt8>) {
        while phase != .closed, let event = engine.nextEvent() {
            switch event {
            case .head(let stream): begin(stream)
            case .refused(let stream, let error): refuse(stream, error)
            case .body(let stream, let range): deliver(bytes.extracting(range), of: stream)
            case .end(let stream): if let owner = owner(of: stream) { tellEnd(owner) }
            case .closed(let stream, _): ended(stream)
            case .interim, .goAway, .settings: break
            }
        }
    }

    func owner(of stream: HTTP2Stream) -> ClientStream? { stream.place >= 0 ? streams[stream.place] : nil }

    private func begin(_ stream: HTTP2Stream) {
        // A new request ends the silence; what waits in the kernel for a connection that is over is not begun.
        guard phase == .open else { return }
        let owner = worker.borrowStream()
        let exchange = worker.borrowExchange()
        exchange.lend(to: owner, peer: peer)
        engine.takeHead(into: exchange.head)
        if exchange.head.isUpgrade { completeUpgrade(exchange.head) }
        owner.begin(self, stream, exchange)
        take(owner, stream)
        exchange.bytesIn = stream.bytesIn
        exchange.startedAt = worker.loop.now
        if exchange.head.framing.hasBody { watch(for: worker.patience.body) }
        let handler = worker.source.handler(for: exchange)
        exchange.handler = handler
        handler.began(exchange)
        // As in HTTP/1 the request ends with its head, and the tunnel begins with the answer.
        if owner.awaitsTunnel, !owner.endIsTold, owner.exchange === exchange {
            owner.endIsTold = true
            handler.ended(exchange)
        }
    }

    private func take(_ owner: ClientStream, _ stream: HTTP2Stream) {
        openStreams += 1
        if let place = freePlaces.popLast() {
            streams[place] = owner
            stream.place = place
        } else {
            stream.place = streams.count
            streams.append(owner)
        }
    }

    /// HTTP/1 upstreams want a key (RFC 6455, section 4.1); a client that speaks HTTP/2 has none to give.
    private func completeUpgrade(_ head: RequestHead) {
        var random = SystemRandomNumberGenerator()
        var bytes = ByteBuffer()
        bytes.append(word: random.next())
        bytes.append(word: random.next())
        let key = Base64.encode(bytes.bytes)
        head.completeUpgrade(key: key.utf8Span.span)
    }

    /// Answers a request that was refused before it became an exchange; the engine then ends its stream.
    private func refuse(_ stream: HTTP2Stream, _ error: HTTP1Error) {
        answerRefusal(stream, status: error.status, reason: error.reasonCode, isUnheard: true)
    }

    private func answerRefusal(_ stream: HTTP2Stream, status: Int, reason: StaticString, isUnheard: Bool) {
        let refusal = Refusal(
            status: status, reason: reason, peer: peer, isUnheard: isUnheard, startedAt: worker.loop.now,
            bytesIn: stream.bytesIn)
        var fields = Fields()
        var body = ByteBuffer()
        worker.source.refuse(refusal, fields: &fields, body: &body)
        worker.refreshDate()
        let date = worker.date
        engine.sendHead(status, fields, framing: .length(body.count), date: date.buffer.bytes, on: stream)
        channel.willWrite(worker.loop)
        do {
            try engine.send(body.bytes, on: stream, into: &channel.output, limit: worker.settings.highWaterMark)
            try engine.finish(stream)
        } catch {
            engine.reset(stream, .internalError)
        }
        worker.source.refused(refusal, bytesOut: stream.bytesOut + body.count)
    }

    private func deliver(_ piece: Span<UInt8>, of stream: HTTP2Stream) {
        guard let owner = owner(of: stream), let exchange = owner.exchange, owner.response != .ended else {
            engine.consume(piece.count, of: stream)
            return
        }
        owner.bodyMoved = worker.loop.now
        guard owner.wantsBody, owner.held.isEmpty else {
            owner.held.append(piece)
            return
        }
        exchange.handler?.received(exchange, piece)
        engine.consume(piece.count, of: stream)
    }

    /// Tells the end of a request once everything before it has been taken.
    private func tellEnd(_ owner: ClientStream) {
        guard let exchange = owner.exchange, let stream = owner.stream, stream.inputHasEnded, !owner.endIsTold,
            owner.held.isEmpty, owner.wantsBody
        else { return }
        owner.endIsTold = true
        if !stream.trailers.isEmpty { exchange.take(trailers: stream.trailers) }
        exchange.handler?.ended(exchange)
    }

    /// Draws the consequences of what a stream's handler wished.
    func settle(_ owner: ClientStream) {
        guard let stream = owner.stream else { return }
        if owner.isAborted {
            // What was written before leaves, as far as it may: the client sees where it breaks off (G52).
            pump()
            engine.reset(stream, .internalError)
            fail(owner, .aborted)
            return
        }
        if !owner.held.isEmpty {
            if owner.response == .ended || owner.exchange == nil {
                engine.consume(owner.held.count, of: stream)
                owner.held.clear()
            } else if owner.wantsBody, let exchange = owner.exchange {
                var pieces = ByteBuffer()
                swap(&pieces, &owner.held)
                owner.bodyMoved = worker.loop.now
                exchange.handler?.received(exchange, pieces.bytes)
                engine.consume(pieces.count, of: stream)
            }
        }
        tellEnd(owner)
    }

    /// The stream is over on both sides, or was reset.
    private func ended(_ stream: HTTP2Stream) {
        if let owner = owner(of: stream) {
            streams[stream.place] = nil
            freePlaces.append(stream.place)
            if let exchange = owner.exchange {
                if owner.response == .ended, stream.outputHasEnded {
                    finish(owner, exchange)
                } else {
                    fail(owner, stream.isResetByPeer ? .clientLeft : .protocolError)
                }
            }
            forget(owner)
        }
        engine.takeBack(stream)
        if openStreams == 0 {
            silentSince = worker.loop.now
            isKept = true
            watch(for: worker.patience.idle)
        }
    }

    private func finish(_ owner: ClientStream, _ exchange: Exchange) {
        count(owner, exchange)
        let handler = exchange.handler
        owner.exchange = nil
        exchange.end()
        handler?.finished(exchange)
        worker.returnExchange(exchange)
    }

    /// The exchange is over without a whole response; the stream may have its end still to come.
    func fail(_ owner: ClientStream, _ failure: ExchangeFailure) {
        guard let exchange = owner.exchange else { return }
        count(owner, exchange)
        let handler = exchange.handler
        owner.exchange = nil
        exchange.end()
        handler?.failed(exchange, failure)
        worker.returnExchange(exchange)
        if !owner.held.isEmpty { note(owner) }
    }

    private func count(_ owner: ClientStream, _ exchange: Exchange) {
        guard let stream = owner.stream else { return }
        exchange.bytesIn = stream.bytesIn
        exchange.bytesOut = stream.bytesOut
    }

    func failStreams(_ failure: ExchangeFailure) {
        for position in streams.indices {
            if let owner = streams[position] { fail(owner, failure) }
        }
    }

    /// Gives a stream that is over back.
    func forget(_ owner: ClientStream) {
        openStreams -= 1
        if let stream = owner.stream, !owner.held.isEmpty { engine.consume(owner.held.count, of: stream) }
        owner.held.release()
        owner.isNoted = false
        owner.end()
        worker.returnStream(owner)
    }

    // MARK: Time

    /// Does what is due, and sets the timer for what will be (G17).
    func judgeTime() {
        let now = worker.loop.now
        let patience = worker.patience
        switch phase {
        case .closed: return
        case .lingering:
            if expired(lingerBegan + patience.linger) { leave() }
            return
        case .flushing:
            if expired(channel.outputMoved + patience.send) { close() }
            return
        case .open: break
        }
        isWorking = true
        defer { isWorking = false }
        if isAmidHead, expired(headBegan + patience.header) {
            recordLateHead()
            engine.terminate(.enhanceYourCalm)
            return
        }
        if openStreams == 0 {
            if isDraining {
                if expired(drainBegan + patience.grace) { sayGoodbye() }
            } else if expired(silentSince + (isKept ? patience.idle : patience.header)) {
                hasSaidGoodbye = true
                engine.terminate(.noError)
                return
            }
        } else if isDraining, !hasSaidGoodbye, expired(drainBegan + patience.grace) {
            sayGoodbye()
        }
        var longest = patience.send
        for position in streams.indices {
            guard let owner = streams[position] else { continue }
            if let stillness = owner.stillness, stillness.nanoseconds > longest.nanoseconds { longest = stillness }
            judgeTime(of: owner, now)
        }
        if phase == .open, channel.waiting > 0, expired(channel.outputMoved + longest) { lose(.responseTimeout) }
    }

    private func judgeTime(of owner: ClientStream, _ now: Instant) {
        guard let stream = owner.stream, owner.exchange != nil else { return }
        let patience = worker.patience
        if case .until(let end) = owner.allowance, stream.waiting > 0 || owner.response != .ended, expired(end) {
            engine.reset(stream, .cancel)
            fail(owner, .aborted)
            return
        }
        if stream.waiting > 0 {
            if stream.bytesOut != owner.bytesSeenLeaving {
                owner.bytesSeenLeaving = stream.bytesOut
                owner.outputMoved = now
            }
            if expired(owner.outputMoved + (owner.stillness ?? patience.send)) {
                engine.reset(stream, .cancel)
                fail(owner, .responseTimeout)
                return
            }
        }
        guard !stream.inputHasEnded, owner.wantsBody, !owner.isTunnel else { return }
        guard expired(owner.bodyMoved + (owner.stillness ?? patience.body)) else { return }
        if owner.response == .none {
            fail(owner, .requestTimeout)
            answerRefusal(stream, status: 408, reason: "request_timeout", isUnheard: false)
        } else {
            engine.reset(stream, .cancel)
            fail(owner, .requestTimeout)
        }
    }

    /// True when `deadline` has passed; else the timer comes for it.
    private func expired(_ deadline: Instant) -> Bool {
        if deadline <= worker.loop.now { return true }
        watch(until: deadline)
        return false
    }

    /// A head that never became whole is a line in the log, as in HTTP/1.
    private func recordLateHead() {
        if engine.awaitsPreface { return }
        let refusal = Refusal(
            status: 408, reason: "request_timeout", peer: peer, isUnheard: true, startedAt: headBegan, bytesIn: 0)
        var fields = Fields()
        var body = ByteBuffer()
        worker.source.refuse(refusal, fields: &fields, body: &body)
        worker.source.refused(refusal, bytesOut: 0)
    }
}
