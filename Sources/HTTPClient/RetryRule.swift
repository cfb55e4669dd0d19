/// When a request may be sent once more (G41, RFC 9110, section 9.2.2).
package struct RetryRule: Sendable, Equatable {
    /// Further tries, `retries` of the upstream.
    package let most: Int

    package init(most: Int) { self.most = most }

    /// Decides on the failure of a stream, inside its `upstreamFailed`.
    ///
    /// - Parameters:
    ///   - tried: further tries so far.
    ///   - isIdempotent: sending the request twice means the same as once.
    ///   - isReplayable: everything that was written can be written again, the body among it.
    ///   - hasOther: there is another server to ask.
    package func allows(
        _ failure: UpstreamFailure, of stream: UpstreamStream, tried: Int, isIdempotent: Bool, isReplayable: Bool,
        hasOther: Bool
    ) -> Bool {
        allows(
            failure, hasSent: stream.hasSent, hasResponse: stream.hasResponse, tried: tried, isIdempotent: isIdempotent,
            isReplayable: isReplayable, hasOther: hasOther)
    }

    func allows(
        _ failure: UpstreamFailure, hasSent: Bool, hasResponse: Bool, tried: Int, isIdempotent: Bool,
        isReplayable: Bool, hasOther: Bool
    ) -> Bool {
        guard tried < most, isReplayable, !hasResponse else { return false }
        switch failure {
        // Nothing has left; the same server would say the same again.
        case .refused, .unreachable, .connectTimeout, .unknownName, .handshake: return hasOther
        // A connection that the server closed while it was idle: before our first byte any request may go elsewhere,
        // after it only one that may arrive twice.
        case .closedBeforeResponse: return !hasSent || isIdempotent
        // Waiting again would double the wait; the others would only repeat themselves.
        case .responseTimeout, .idleTimeout, .overloaded, .unsupportedScheme, .truncated, .badResponse, .protocolError,
            .noTunnels, .badRequest:
            return false
        }
    }
}
