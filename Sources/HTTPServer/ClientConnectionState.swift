/// Where a client connection stands: which half of which exchange is open, and what happens when both are over.
///
/// Pure: no descriptor, no clock, no handler.
///
///     awaited ──first byte──► head ──complete──► body ──whole──► ended     (the request)
///     none ──head written──► started ──last byte written──► ended          (the response)
///
///     open ──► flushing(then: linger | close) ──► lingering ──► closed     (the connection)
struct ClientConnectionState: Equatable {
    enum Request: Equatable {
        case awaited
        case head
        case body
        case ended
    }

    enum Response: Equatable {
        case none
        case started
        case ended
    }

    enum Phase: Equatable {
        case open
        /// No further exchange; what is written still leaves, then the connection closes.
        case flushing(Farewell)
        /// Our side is shut; what the client still sends is read and dropped.
        case lingering
        case closed
    }

    enum Farewell: Equatable {
        case close
        case linger
    }

    var request = Request.awaited
    var response = Response.none
    private(set) var phase = Phase.open
    /// The client's FIN has been announced; what it sent before may still be unread.
    var peerHalfClosed = false
    /// The handler wants no body for now.
    var isPaused = false
    /// No exchange after this one.
    var isDraining = false
    /// While draining: a silent client is waited for as long as ever, since another process serves who comes meanwhile.
    var hasTime = false
    /// At least one exchange is over: the connection is kept alive rather than new.
    private(set) var isKept = false

    /// True when input is to be read and given to the engine.
    var wantsInput: Bool {
        switch phase {
        case .lingering: true
        case .flushing, .closed: false
        case .open:
            switch request {
            case .awaited, .head: true
            case .body: !isPaused || response == .ended
            case .ended: false
            }
        }
    }

    /// True while a handler has the exchange and may send.
    var hasExchange: Bool { phase == .open && (request == .body || request == .ended) }

    /// What follows the end of the response.
    enum Continuation: Equatable {
        /// Not both sides are over.
        case wait
        /// The request is read to its end and dropped, within a limit, so that the connection can be used again (RFC 9112,
        /// section 9.3).
        case discardRest
        case nextRequest
        case part(Farewell)
    }

    /// Asked when the response has ended or the request has.
    ///
    /// - Parameters:
    ///   - mustClose: the engine announced `Connection: close`, or the framing leaves no other choice.
    ///   - restIsBounded: what is left of the request is known to be little, or not yet known to be much.
    ///   - inputWaits: bytes have arrived that nobody has read; closing now would reset the connection under the answer.
    func continuation(mustClose: Bool, restIsBounded: @autoclosure () -> Bool, inputWaits: Bool) -> Continuation {
        guard response == .ended else { return .wait }
        if request != .ended { return mustClose || !restIsBounded() ? .part(.linger) : .discardRest }
        // An answer that has not said so is not the last one where there is time: the client may have asked again already.
        if mustClose || (isDraining && !hasTime) { return .part(inputWaits ? .linger : .close) }
        return .nextRequest
    }

    /// Both sides are over and the connection goes on.
    mutating func startNext() {
        request = .awaited
        response = .none
        isPaused = false
        isKept = true
    }

    mutating func part(_ farewell: Farewell) {
        if phase == .open { phase = .flushing(farewell) }
    }

    /// All that was written has left; true when our side is to be shut and the rest dropped, false when all is over.
    mutating func flushed() -> Bool {
        guard phase == .flushing(.linger), !peerHalfClosed || request != .ended else { return false }
        phase = .lingering
        return true
    }

    mutating func close() { phase = .closed }
}
