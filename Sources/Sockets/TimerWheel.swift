package import Time

/// Whoever has a deadline.
package protocol TimerTarget: AnyObject {
    /// The deadline has passed; the timer stays, without a deadline, until it is set again or removed.
    func deadlinePassed(_ timer: TimerWheel.Timer)
}

/// Deadlines by the thousand, moved at nearly no cost.
///
/// Four wheels of 64 buckets; a bucket of the first covers one tick of 8 ms, of the second 64 ticks, and so on (about 37
/// hours in all; what lies further is filed at the end and filed again). A deadline that moves to a later time is only
/// noted: the entry is moved when its bucket comes up. A keep-alive connection that is busy all day thus costs one
/// comparison a request.
package final class TimerWheel {
    /// Names a timer of one wheel.
    package struct Timer: Sendable, Hashable {
        fileprivate let index: Int32
    }

    private struct Entry {
        var target: (any TimerTarget)?
        /// In ticks; `.max` is none.
        var deadline: Int64 = .max
        /// The tick under which the entry is filed; `.max` when it is in no bucket.
        var filed: Int64 = .max
        var bucket: Int32 = -1
        var next: Int32 = -1
        var previous: Int32 = -1
    }

    private static let tickNanoseconds: Int64 = 8_000_000
    private static let levels = 4
    /// Behind the wheels, one more list: entries that are due now.
    private static let dueBucket = Int32(levels * 64)

    private var entries: [Entry] = []
    private var free: [Int32] = []
    private var heads = [Int32](repeating: -1, count: levels * 64 + 1)
    /// One bit a bucket that holds entries, one word a level.
    private var occupied = SIMD4<UInt64>()
    private let origin: Instant
    /// All buckets up to this tick have come up.
    private var current: Int64 = 0

    package init(now: Instant) { origin = now }

    /// A timer without a deadline.
    package func add(_ target: any TimerTarget) -> Timer {
        if let index = free.popLast() {
            entries[Int(index)] = Entry(target: target)
            return Timer(index: index)
        }
        entries.append(Entry(target: target))
        return Timer(index: Int32(entries.count - 1))
    }

    /// Forgets the timer; its name must not be used again.
    package func remove(_ timer: Timer) {
        unlink(timer.index)
        entries[Int(timer.index)].target = nil
        entries[Int(timer.index)].deadline = .max
        free.append(timer.index)
    }

    /// Sets or moves the deadline; ``Instant/distantFuture`` is none.
    package func set(_ timer: Timer, _ deadline: Instant) {
        let index = Int(timer.index)
        let tick = tick(notBefore: deadline)
        entries[index].deadline = tick
        // Later than filed: noted only. Earlier, or in no bucket: filed now.
        if tick < entries[index].filed {
            unlink(timer.index)
            file(timer.index)
        }
    }

    /// When something may have to be done next; nil when nothing is filed.
    package var next: Instant? {
        guard let tick = nextOccupiedTick else { return nil }
        return Instant(nanoseconds: origin.nanoseconds + tick * Self.tickNanoseconds)
    }

    /// Tells every target whose deadline is not later than `now`.
    package func advance(to now: Instant) {
        let goal = max(0, now.nanoseconds - origin.nanoseconds) / Self.tickNanoseconds
        while let tick = nextOccupiedTick, tick <= goal {
            current = tick
            for level in (1..<Self.levels).reversed() where tick & (1 << (6 * Int64(level)) - 1) == 0 {
                refile(level: level, tick: tick)
            }
            refile(level: 0, tick: tick)
            fireDue()
        }
        current = max(current, goal)
    }

    private func tick(notBefore instant: Instant) -> Int64 {
        if instant == .distantFuture { return .max }
        let (rounded, overflow) = max(0, instant.nanoseconds - origin.nanoseconds)
            .addingReportingOverflow(Self.tickNanoseconds - 1)
        return overflow ? .max : rounded / Self.tickNanoseconds
    }

    /// The first tick after `current` at which a bucket that holds entries comes up.
    private var nextOccupiedTick: Int64? {
        let (occupied, current) = (occupied, current)
        var best = Int64.max
        for level in 0..<Self.levels where occupied[level] != 0 {
            let shift = 6 &* Int64(level)
            let position = (current &>> shift) + 1
            let turned = UInt64(position & 63)
            let mask = occupied[level]
            // By masked shifts: turned by nothing the second half is the first.
            let rotated = mask &>> turned | mask &<< (0 &- turned)
            best = min(best, (position + Int64(rotated.trailingZeroBitCount)) &<< shift)
        }
        return best == .max ? nil : best
    }

    /// Puts an entry into the bucket of its deadline; a deadline that has passed comes up with the next tick.
    private func file(_ index: Int32) {
        let deadline = entries[Int(index)].deadline
        if deadline == .max { return }
        let tick = max(deadline, current + 1)
        for level in 0..<Self.levels {
            let shift = 6 * Int64(level)
            let distance = (tick >> shift) - (current >> shift)
            if distance < 64 {
                link(index, Int32(level * 64) + Int32((tick >> shift) & 63), filed: tick)
                return
            }
        }
        let shift = 6 * Int64(Self.levels - 1)
        let last = (current >> shift) + 63
        link(index, Int32((Self.levels - 1) * 64) + Int32(last & 63), filed: last << shift)
    }

    /// Empties a bucket that has come up: entries that are due go to the due list, the others to a nearer bucket.
    private func refile(level: Int, tick: Int64) {
        let bucket = Int32(level * 64) + Int32((tick >> (6 * Int64(level))) & 63)
        while heads[Int(bucket)] >= 0 {
            let index = heads[Int(bucket)]
            unlink(index)
            if entries[Int(index)].deadline <= tick {
                link(index, Self.dueBucket, filed: tick)
            } else {
                file(index)
            }
        }
    }

    /// Targets may set and remove any timer meanwhile, those that are due among them.
    private func fireDue() {
        while heads[Int(Self.dueBucket)] >= 0 {
            let index = heads[Int(Self.dueBucket)]
            unlink(index)
            if entries[Int(index)].deadline > current {
                file(index)
                continue
            }
            entries[Int(index)].deadline = .max
            let target = entries[Int(index)].target
            target?.deadlinePassed(Timer(index: index))
        }
    }

    private func link(_ index: Int32, _ bucket: Int32, filed: Int64) {
        let head = heads[Int(bucket)]
        entries[Int(index)].bucket = bucket
        entries[Int(index)].filed = filed
        entries[Int(index)].previous = -1
        entries[Int(index)].next = head
        if head >= 0 { entries[Int(head)].previous = index }
        heads[Int(bucket)] = index
        if bucket < Self.dueBucket { occupied[Int(bucket) >> 6] |= 1 << UInt64(bucket & 63) }
    }

    private func unlink(_ index: Int32) {
        let entry = entries[Int(index)]
        guard entry.bucket >= 0 else { return }
        if entry.next >= 0 { entries[Int(entry.next)].previous = entry.previous }
        if entry.previous >= 0 {
            entries[Int(entry.previous)].next = entry.next
        } else {
            heads[Int(entry.bucket)] = entry.next
            if entry.next < 0, entry.bucket < Self.dueBucket {
                occupied[Int(entry.bucket) >> 6] &= ~(1 << UInt64(entry.bucket & 63))
            }
        }
        entries[Int(index)].bucket = -1
        entries[Int(index)].filed = .max
        entries[Int(index)].next = -1
        entries[Int(index)].previous = -1
    }
}
