import Cryptography

/// One part of the cache: a chained hash table whose memory is only taken when an entry comes.
///
/// Second chance: a hit sets a bit; the hand that looks for room clears it once before it takes the entry out.
struct CacheShard {
    private struct Slot {
        var digest: SHA256Digest
        var entry: CacheEntry?
        var hash: Int
        var cost: Int
        var next: Int32
        var wasUsed: Bool
    }

    private static let none: Int32 = -1
    /// How many endings are remembered for look-ups under way; older tickets are refused.
    private static let remembered = 256

    private var buckets: [Int32] = Array(repeating: none, count: 64)
    private var slots: [Slot] = []
    private var free = none
    private var hand = 0
    private let limit: Int

    private(set) var count = 0
    private(set) var cost = 0

    /// Digests that ended or changed; the newest at `changes - 1`.
    private var changed: [SHA256Digest?] = Array(repeating: nil, count: remembered)
    private(set) var changes: UInt64 = 0
    /// Tickets below are void.
    private var floor: UInt64 = 0

    init(limit: Int) { self.limit = limit }

    // MARK: looking

    mutating func find(_ digest: SHA256Digest, hash: Int) -> CacheEntry? {
        let index = position(of: digest, hash: hash)
        if index == Self.none { return nil }
        slots[Int(index)].wasUsed = true
        return slots[Int(index)].entry
    }

    var entries: [CacheEntry] { slots.compactMap(\.entry) }

    private func position(of digest: SHA256Digest, hash: Int) -> Int32 {
        var index = buckets[hash & (buckets.count - 1)]
        while index != Self.none {
            let slot = Int(index)
            if slots[slot].hash == hash && slots[slot].digest == digest { return index }
            index = slots[slot].next
        }
        return Self.none
    }

    // MARK: changing

    /// True when nothing happened to `digest` since the ticket was given.
    func isValid(_ ticket: UInt64, for digest: SHA256Digest) -> Bool {
        guard ticket >= floor, changes - ticket <= UInt64(Self.remembered) else { return false }
        for number in ticket..<changes where changed[Int(number % UInt64(Self.remembered))] == digest { return false }
        return true
    }

    mutating func note(_ digest: SHA256Digest) {
        changed[Int(changes % UInt64(Self.remembered))] = digest
        changes += 1
    }

    /// Puts an entry in, after taking others out into `evicted` until there is room.
    ///
    /// One that is larger than the whole shard stays out.
    mutating func put(
        _ digest: SHA256Digest, hash: Int, _ entry: CacheEntry, cost newCost: Int,
        evicted: inout [CacheEntry]
    ) {
        if let old = takeOut(digest, hash: hash) { evicted.append(old) }
        if newCost > limit { return }
        while cost + newCost > limit, let old = evictOne() { evicted.append(old) }
        if count + 1 > buckets.count { grow() }
        let bucket = hash & (buckets.count - 1)
        let slot = Slot(
            digest: digest, entry: entry, hash: hash, cost: newCost, next: buckets[bucket], wasUsed: false)
        if free == Self.none {
            buckets[bucket] = Int32(slots.count)
            slots.append(slot)
        } else {
            let index = Int(free)
            free = slots[index].next
            buckets[bucket] = Int32(index)
            slots[index] = slot
        }
        count += 1
        cost += newCost
    }

    mutating func takeOut(_ digest: SHA256Digest, hash: Int) -> CacheEntry? {
        let index = position(of: digest, hash: hash)
        return index == Self.none ? nil : release(Int(index))
    }

    /// Forgets everything, and everything that is being looked up.
    mutating func clear() {
        let endings = changes + 1
        self = CacheShard(limit: limit)
        changes = endings
        floor = endings
    }

    private mutating func evictOne() -> CacheEntry? {
        if count == 0 { return nil }
        while true {
            if hand >= slots.count { hand = 0 }
            let index = hand
            hand += 1
            if slots[index].entry == nil { continue }
            if !slots[index].wasUsed { return release(index) }
            slots[index].wasUsed = false
        }
    }

    private mutating func release(_ index: Int) -> CacheEntry? {
        let bucket = slots[index].hash & (buckets.count - 1)
        if buckets[bucket] == Int32(index) {
            buckets[bucket] = slots[index].next
        } else {
            var before = Int(buckets[bucket])
            while slots[before].next != Int32(index) { before = Int(slots[before].next) }
            slots[before].next = slots[index].next
        }
        let entry = slots[index].entry
        count -= 1
        cost -= slots[index].cost
        slots[index].entry = nil
        slots[index].next = free
        free = Int32(index)
        return entry
    }

    private mutating func grow() {
        buckets = Array(repeating: Self.none, count: buckets.count * 2)
        for index in slots.indices where slots[index].entry != nil {
            let bucket = slots[index].hash & (buckets.count - 1)
            slots[index].next = buckets[bucket]
            buckets[bucket] = Int32(index)
        }
    }
}
