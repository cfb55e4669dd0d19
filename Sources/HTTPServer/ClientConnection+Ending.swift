import HTTP
import Sockets
import Time

extension ClientConnection {
    /// All has been said: close, or first let the client read it (RFC 9112, section 9.6).
    func bow() {
        guard state.flushed() else {
            leave()
            return
        }
        droppedBytes = 0
        deadlines.lingerBegan = loop.now
        channel.shutDownSending(loop)
        channel.dropInput(loop)
        touch()
    }

    /// Refuses a request that is not, or no longer, an exchange.
    ///
    /// After it nothing is read as a request (G12).
    func refuse(status: Int, reason: StaticString, _ failure: ExchangeFailure) {
        if state.response == .ended {
            // Only the rest of an answered request was awaited.
            if let exchange { letGo(exchange) }
            state.part(.linger)
            return
        }
        if state.response == .started {
            breakOff(failure)
            return
        }
        let refusal = Refusal(
            status: status, reason: reason, peer: peer, isUnheard: exchange?.handler == nil,
            startedAt: state.request == .head ? deadlines.headBegan : loop.now, bytesIn: exchange?.bytesIn ?? 0)
        let exchange = exchange ?? takeExchange()
        let handler = exchange.handler
        exchange.end()
        handler?.failed(exchange, failure)
        channel.willWrite(loop)
        worker.write(refusal, &exchange.engine, into: &channel.output)
        letGo(exchange)
        state.response = .ended
        state.part(.linger)
    }

    /// Tells a client that does not encrypt what this port speaks, in the one way that it understands.
    func refusePlainHTTP() {
        worker.handshakeEnded(.failed("plain_http"), peer)
        channel.goOnUnencrypted(loop)
        preface = nil
        channel.willWrite(loop)
        let exchange = takeExchange()
        worker.writeHintAboutTLS(&exchange.engine, into: &channel.output)
        letGo(exchange)
        state.response = .ended
        state.part(.linger)
    }

    /// Ends a response so that the client sees that it is not whole (G52).
    func breakOff(_ failure: ExchangeFailure) {
        channel.push(loop)
        if endsWithClose { channel.resetWhenClosed() }
        lose(failure)
    }

    /// The exchange, if there is one, is over without a whole response, and so is the connection.
    func lose(_ failure: ExchangeFailure) {
        let exchange = exchange
        let handler = exchange?.handler
        exchange?.end()
        close()
        if let exchange {
            handler?.failed(exchange, failure)
            worker.returnExchange(exchange)
        }
    }

    /// Closes where nothing is left to be said or heard.
    func leave() {
        channel.sayGoodbye(loop)
        close()
    }

    func close() {
        if state.phase == .closed { return }
        state.close()
        if channel.isHandshaking {
            worker.handshakeEnded(.failed(channel.cipherFailure ?? handshakeFate.word), peer)
        }
        if let seat { loop.forget(seat) }
        if let timer { loop.timers.remove(timer) }
        seat = nil
        timer = nil
        channel.close(loop)
        if let exchange {
            self.exchange = nil
            if exchange.isOpen, exchange.handler == nil { worker.returnExchange(exchange) }
        }
        worker.left(slot)
    }

    // MARK: The worker's wishes

    /// Lets the running exchange be the last.
    func drain() {
        state.isDraining = true
        state.hasTime = worker.isHandingOver
        if isIdle, state.isKept, !state.hasTime {
            leave()
            return
        }
        if state.response == .none { exchange?.engine.closeAfterResponse() }
        // A new connection may have its request under way: it is waited for, but not for long.
        if !state.hasTime { deadlines.silentSince = loop.now }
        moveDeadline()
    }

    /// Ends a handshake that stands still, for somebody else's.
    func crowdedOut() {
        handshakeFate = .crowdedOut
        close()
    }

    func cutOff() {
        if state.phase == .closed { return }
        if isIdle { leave() } else { lose(.stopping) }
    }
}
