import Sockets

/// The handshakes of one worker that are under way, oldest first.
///
/// A handshake costs memory before anything is known of its client, so there is a bound; and since those that stand still
/// are the ones that harm, it is the oldest that ends for a new one, not the new one that is refused.
struct HandshakeQueue {
    private var slots: [Slot] = []
    /// Those before it are gone.
    private var first = 0
    private(set) var count = 0
    /// Entries kept, for tests.
    var length: Int { slots.count }

    mutating func began(_ slot: Slot) {
        count += 1
        slots.append(slot)
    }

    mutating func ended() {
        count -= 1
        if count == 0 {
            slots.removeAll(keepingCapacity: slots.count <= 1024)
            first = 0
        }
    }

    /// Takes out the oldest that is still under way.
    ///
    /// What has ended meanwhile is forgotten on the way, so that a call costs little in the long run.
    mutating func takeOldest(_ isUnderWay: (Slot) -> Bool) -> Slot? {
        while first < slots.count {
            let slot = slots[first]
            first += 1
            if first > 1024, first > slots.count / 2 {
                slots.removeFirst(first)
                first = 0
            }
            if isUnderWay(slot) { return slot }
        }
        return nil
    }

    /// Forgets those that have ended, where they are many.
    mutating func tidy(_ isUnderWay: (Slot) -> Bool) {
        guard slots.count - first > 2 * count + 1024 else { return }
        slots.removeAll { !isUnderWay($0) }
        first = 0
    }
}
