import Time

/// The durations of ``UpstreamSettings``, worked out once.
struct UpstreamPatience: Sendable {
    let response: Delay
    let idle: Delay
    let keepAlive: Delay

    init(_ settings: UpstreamSettings) {
        response = Delay(settings.responseTimeout)
        idle = Delay(settings.idleTimeout)
        keepAlive = Delay(settings.keepAliveTimeout)
    }
}

/// When a silent upstream is no longer waited for.
///
/// Pure; time is a parameter.
struct UpstreamDeadlines: Equatable {
    enum Verdict: Equatable {
        case connectTimeout
        case responseTimeout
        case idleTimeout
        /// Nobody used the connection for long enough.
        case closeIdle
    }

    /// When this attempt to connect must have ended.
    var connectUntil: Instant
    /// When the last exchange ended.
    var idleSince: Instant
    /// The end of the request, the last interim response but 100, or the end of a pause.
    var requestEnded: Instant
    /// The last bytes of a response body, or the end of a pause.
    var bodyMoved: Instant

    init(now: Instant) {
        connectUntil = now
        idleSince = now
        requestEnded = now
        bodyMoved = now
    }

    /// The next deadline and what it means.
    ///
    /// - Parameter outputMoved: the last time the kernel took bytes, or bytes began to wait.
    func next(
        _ state: UpstreamConnectionState, outputWaits: Bool, outputMoved: Instant, _ patience: UpstreamPatience
    ) -> (at: Instant, verdict: Verdict)? {
        switch state.phase {
        case .closed: return nil
        case .connecting: return (connectUntil, .connectTimeout)
        case .idle: return (idleSince + patience.keepAlive, .closeIdle)
        case .busy: break
        }
        // A server that does not take the request is as dead as one that does not answer.
        if outputWaits { return (outputMoved + patience.idle, .idleTimeout) }
        switch state.response {
        case .awaited:
            // Until the request is whole we wait for its sender, not for the server.
            guard state.request == .ended, !state.isPaused else { return nil }
            return (max(requestEnded, outputMoved) + patience.response, .responseTimeout)
        case .body:
            if state.isPaused { return nil }
            let moved = state.isTunnel ? max(bodyMoved, outputMoved) : bodyMoved
            return (moved + patience.idle, .idleTimeout)
        case .ended: return nil
        }
    }
}
