/// Something that takes bytes from anybody, and what must hold whatever they are.
///
/// A target traps (``require(_:_:)``) when it does not hold; libFuzzer then keeps the input. To add one: a file in
/// `Targets`, a line in ``all``, a folder in `Corpus` with a few inputs, good ones and the ones that were bad once.
package struct FuzzTarget: Sendable {
    /// The name on the command line and of the folder in `Corpus`.
    package let name: String
    package let run: @Sendable (Span<UInt8>) -> Void

    package static let all: [FuzzTarget] = [
        requestHead,
        responseHead,
        chunkedBody,
        http2Server,
        http2Client,
        webSocketHandshake,
        webSocketFrames,
        proxyProtocol,
        cookies,
        json,
        smallText,
        token,
        keySet,
        returnURL,
        configuration,
    ]
}

/// What must hold.
func require(_ condition: Bool, _ what: @autoclosure () -> String) {
    if !condition { fatalError(what()) }
}
