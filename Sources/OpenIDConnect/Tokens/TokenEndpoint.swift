import Time

/// Makes requests to the token endpoint of one provider, as its client (RFC 6749, section 3.2).
struct TokenEndpoint: Sendable {
    let calls: ProviderCalls
    let metadata: ProviderMetadata
    let authentication: ClientAuthentication
    let gate: CallGate
    let observe: @Sendable (ProviderEvent) -> Void

    enum Outcome: Sendable, Equatable {
        case answered(TokenAnswer)
        case unanswered(BackChannelFailure)
        /// Nothing was sent (B28).
        case heldBack(Duration)
    }

    /// Sends `parameters` once; never again, whatever happens (A49).
    func ask(_ parameters: [(String, String)]) async -> Outcome {
        if let wait = gate.admit(now: calls.time.instant(), budget: calls.settings.timeout) { return .heldBack(wait) }
        var form = parameters
        var headers: [(name: String, value: String)] = []
        authentication.apply(to: &form, &headers)
        do throws(BackChannelFailure) {
            let response = try await calls.call(
                .token, metadata.tokenEndpoint, reach: metadata.reach, accept: "application/json", form: form,
                headers: headers)
            let answer = TokenAnswer(response, now: calls.time.now())
            switch answer {
            case .unavailable where response.status == 429 && gate.ignoresLimits: break
            case .unavailable: noteFailure()
            default: gate.succeeded()
            }
            return .answered(answer)
        } catch {
            // What did not leave this house says nothing of the provider.
            if !error.isLocal { noteFailure() }
            return .unanswered(error)
        }
    }

    private func noteFailure() {
        if let pause = gate.failed(now: calls.time.instant()) { observe(.callsHeldBack(pause)) }
    }
}
