package import Sessions
package import Sockets

/// Everything that workers ask of the control plane.
package enum ControlRequest: Sendable {
    /// Station 1: which session is this cookie's?
    case resolve(SlotKey, SessionID, site: Int)
    /// Station 2: refresh this session's tokens; without a key nobody waits.
    case refresh(SlotKey?, LiveSession)
    /// Station 2 once more: the upstream has refused the token of that version (B31).
    case renew(SlotKey, LiveSession, refused: Int64)
    /// The session was found to be over when it was used.
    case end(LiveSession, SessionEnd)
    /// Something is under way for this session, which may be over: the store knows.
    case review(LiveSession)
    /// Another process has ended sessions that this one has not heard of.
    case catchUp
    /// The session was used; the store wants to know now and then.
    case touch(LiveSession)
    /// A navigation that must sign in first.
    case signIn(SlotKey, SignInRequest)
    /// One of our endpoints that needs the provider or the store.
    case endpoint(SlotKey, EndpointRequest)
}
