/// Who may come in on a route (key `access`).
package enum AccessPolicy: String, Sendable, CaseIterable {
    /// Anybody: the session is not read and nothing of it is attached.
    case `public`
    /// Anybody; a session is used when there is one. A store that cannot be read is 503, not anonymous.
    case optional
    /// Whoever is signed in.
    case authenticated
}
