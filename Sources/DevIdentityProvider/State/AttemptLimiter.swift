import Time

/// Slows down who guesses client secrets (H13): ten failures in a minute, then a minute of silence.
///
/// Counted for a client and the address that asks, so that a stranger's guesses do not lock out the client itself.
struct AttemptLimiter: Sendable {
    private struct Key: Hashable, Sendable {
        let clientID: String
        let peer: String
    }

    private var failures = ExpiringTable<Key, Int>(capacity: 10_000)
    private static let limit = 10
    private static let window = Duration.seconds(60)

    func allows(clientID: String, peer: String, at now: Timestamp) -> Bool {
        (failures.find(Key(clientID: clientID, peer: peer), at: now) ?? 0) < Self.limit
    }

    mutating func noteFailure(clientID: String, peer: String, now: Timestamp) {
        let key = Key(clientID: clientID, peer: peer)
        let count = (failures.find(key, at: now) ?? 0) + 1
        failures.insert(key, count, until: now + Self.window, now: now)
    }

    mutating func noteSuccess(clientID: String, peer: String) { failures.remove(Key(clientID: clientID, peer: peer)) }
}
