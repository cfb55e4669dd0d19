/// Where an upstream connection stands.
///
/// Pure: no descriptor, no clock, no handler.
///
///     connecting ──► idle ◄──► busy ──► closed
///
///     unsent ──head──► body ──whole──► ended         (the request)
///     awaited ──head──► body ──whole──► ended        (the response)
struct UpstreamConnectionState: Equatable {
    enum Phase: Equatable {
        case connecting
        case idle
        case busy
        case closed
    }

    enum Request: Equatable {
        case unsent
        case body
        case ended
    }

    enum Response: Equatable {
        case awaited
        case body
        case ended
    }

    var phase = Phase.connecting
    var request = Request.unsent
    var response = Response.awaited
    /// The handler wants no more of the response for now.
    var isPaused = false
    /// After 101: bytes pass both ways until either side ends.
    private(set) var isTunnel = false

    mutating func lease() {
        phase = .busy
        request = .unsent
        response = .awaited
        isPaused = false
        isTunnel = false
    }

    /// After 101: bytes pass both ways as they are.
    mutating func becomeTunnel() {
        isTunnel = true
        request = .body
    }

    /// True when input is to be read and given to the engine.
    var wantsInput: Bool { phase == .busy && response != .ended && !isPaused }

    /// True when the handler may write body bytes.
    var mayWriteBody: Bool { phase == .busy && request == .body && response != .ended }

    /// After the response: true when the connection may serve another request (G22, G51).
    ///
    /// - Parameters:
    ///   - engineAgrees: both messages were whole, the server keeps the connection, no byte too many.
    ///   - inputWaits: bytes that nobody asked for, or the end, may have arrived behind the response.
    func canBeKept(engineAgrees: Bool, inputWaits: Bool) -> Bool {
        phase == .busy && request == .ended && response == .ended && !isTunnel && engineAgrees && !inputWaits
    }
}
