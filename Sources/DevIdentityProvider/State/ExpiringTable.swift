import Time

/// Values that end, with a bound on how many there are.
///
/// A provider that remembers something for every anonymous request must forget just as fast: what has ended is swept, and
/// when the table is full all the same, what would end first goes.
struct ExpiringTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private var entries: [Key: (value: Value, ends: Timestamp)] = [:]
    private let capacity: Int
    private var nextSweep = Timestamp(milliseconds: .min)

    /// A table of at most `capacity` entries.
    init(capacity: Int) { self.capacity = capacity }

    var count: Int { entries.count }

    /// The value under `key` while it lives.
    func find(_ key: Key, at now: Timestamp) -> Value? {
        guard let entry = entries[key], now < entry.ends else { return nil }
        return entry.value
    }

    /// Puts `value` under `key` until `ends`.
    mutating func insert(_ key: Key, _ value: Value, until ends: Timestamp, now: Timestamp) {
        sweepIfDue(now)
        if entries.count >= capacity, entries[key] == nil { makeRoom() }
        entries[key] = (value, ends)
    }

    /// Changes the value under `key` in place; nothing when there is none.
    mutating func update(_ key: Key, _ change: (inout Value) -> Void) {
        guard var entry = entries[key] else { return }
        change(&entry.value)
        entries[key] = entry
    }

    /// Takes the value out, also one that has just ended.
    @discardableResult
    mutating func remove(_ key: Key) -> Value? { entries.removeValue(forKey: key)?.value }

    /// Drops every entry for which `condition` holds.
    mutating func removeAll(where condition: (Value) -> Bool) {
        entries = entries.filter { !condition($0.value.value) }
    }

    /// Once a minute is enough: ``find(_:at:)`` never returns what has ended.
    private mutating func sweepIfDue(_ now: Timestamp) {
        guard now >= nextSweep else { return }
        nextSweep = now + .seconds(60)
        entries = entries.filter { now < $0.value.ends }
    }

    /// A sixteenth at a time, so that a full table does not sort itself at every insertion.
    private mutating func makeRoom() {
        let first = entries.sorted { $0.value.ends < $1.value.ends }.prefix(Swift.max(1, capacity / 16))
        for entry in first { entries[entry.key] = nil }
    }
}
