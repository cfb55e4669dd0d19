import Time

/// The durations of ``ServerSettings``, worked out once.
struct ServerPatience: Sendable {
    let header: Delay
    let idle: Delay
    private(set) var body: Delay
    private(set) var send: Delay
    let grace: Delay
    let linger: Delay

    init(_ settings: ServerSettings) {
        header = Delay(settings.headerTimeout)
        idle = Delay(settings.idleTimeout)
        body = Delay(settings.bodyTimeout)
        send = Delay(settings.sendTimeout)
        grace = Delay(settings.halfCloseGrace)
        linger = Delay(settings.lingerTime)
    }

    /// The same for an exchange whose bodies may stand still for `time`.
    func still(_ time: Delay) -> ServerPatience {
        var patience = self
        patience.body = time
        patience.send = time
        return patience
    }
}

/// When a silent client is no longer waited for (G17).
///
/// Pure; time is a parameter.
struct ConnectionDeadlines: Equatable {
    enum Verdict: Equatable {
        /// A new or kept connection stayed silent, or lingered long enough: close without a word.
        case closeSilently
        /// A head, or a body, did not arrive in time: 408.
        case requestTimeout
        /// The answer is not taken.
        case responseTimeout
        /// A half-closed client takes nothing: it has left.
        case clientLeft
        /// The exchange had its time.
        case cutOff
    }

    /// When the connection was opened, or its last exchange ended.
    var silentSince: Instant
    /// The last bytes of a body, or the end of a pause.
    var bodyMoved: Instant

    init(now: Instant) {
        silentSince = now
        bodyMoved = now
    }

    // An idle connection should be small: what is never asked for together stands in one place.

    /// The first byte of the head, until its last.
    var headBegan: Instant {
        get { bodyMoved }
        set { bodyMoved = newValue }
    }

    /// Behind everything else.
    var lingerBegan: Instant {
        get { silentSince }
        set { silentSince = newValue }
    }

    /// When a handshake must be over: it shares the time that a new connection may be silent.
    func handshakeEnd(_ state: ClientConnectionState, _ patience: ServerPatience) -> Instant {
        silentSince + (state.isDraining && !state.hasTime ? patience.grace : patience.header)
    }

    /// The next deadline and what it means.
    ///
    /// - Parameter outputMoved: the last time the kernel took bytes, or bytes began to wait.
    func next(
        _ state: ClientConnectionState, outputWaits: Bool, outputMoved: Instant, _ patience: ServerPatience
    ) -> (at: Instant, verdict: Verdict)? {
        switch state.phase {
        case .closed: return nil
        case .lingering: return (lingerBegan + patience.linger, .closeSilently)
        case .flushing: return (outputMoved + patience.send, .responseTimeout)
        case .open: break
        }
        let reading = nextWhileReading(state, outputWaits: outputWaits, outputMoved: outputMoved, patience)
        guard outputWaits else { return reading }
        let sending = whileSending(outputMoved, patience)
        guard let reading, reading.at < sending.at else { return sending }
        return reading
    }

    /// The deadline of bytes that wait for the client.
    func whileSending(_ outputMoved: Instant, _ patience: ServerPatience) -> (at: Instant, verdict: Verdict) {
        (outputMoved + patience.send, .responseTimeout)
    }

    private func nextWhileReading(
        _ state: ClientConnectionState, outputWaits: Bool, outputMoved: Instant, _ patience: ServerPatience
    ) -> (at: Instant, verdict: Verdict)? {
        switch state.request {
        case .awaited:
            // A client that has not read its last answer is not idle; the send deadline watches it.
            if outputWaits { return nil }
            if state.isDraining, !state.hasTime { return (silentSince + patience.grace, .closeSilently) }
            return (silentSince + (state.isKept ? patience.idle : patience.header), .closeSilently)
        case .head: return (headBegan + patience.header, .requestTimeout)
        case .body:
            if state.isPaused && state.response != .ended { return nil }
            return (bodyMoved + patience.body, .requestTimeout)
        case .ended:
            guard state.peerHalfClosed, state.response != .ended else { return nil }
            return (max(outputMoved, bodyMoved) + patience.grace, .clientLeft)
        }
    }
}
