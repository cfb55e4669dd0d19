import Cryptography
import Testing
import Threads

@testable import Sessions

struct SessionCacheTests {
    private final class Entry: Sendable {
        let number: Int
        init(_ number: Int) { self.number = number }
    }

    private func digest(_ number: Int) -> SHA256Digest {
        SHA256Digest(hashing: withUnsafeBytes(of: number) { Array($0) })
    }

    /// Inserts as a look-up does that nothing disturbed.
    @discardableResult
    private func insert(_ number: Int, into cache: SessionCache<Entry>, cost: Int = 1) -> Entry? {
        cache.insert(digest(number), Entry(number), cost: cost, cache.ticket(for: digest(number)))
    }

    @Test("what was put in is found until it is removed")
    func findAndRemove() {
        let cache = SessionCache<Entry>(.sessions(100))
        #expect(cache.find(digest(1)) == nil)
        insert(1, into: cache)
        #expect(cache.find(digest(1))?.number == 1)
        #expect(cache.find(digest(2)) == nil)
        #expect(cache.remove(digest(1))?.number == 1)
        #expect(cache.find(digest(1)) == nil && cache.remove(digest(1)) == nil)
        #expect(cache.count == 0 && cache.cost == 0)
    }

    @Test("bounded by number", arguments: [1, 2, 10, 1000, 20000])
    func boundedByNumber(limit: Int) {
        let cache = SessionCache<Entry>(.sessions(limit))
        for number in 0..<(limit * 2) { insert(number, into: cache, cost: 1000) }
        #expect(cache.count <= limit)
        #expect(cache.count > limit * 9 / 10)
        #expect(cache.entries.count == cache.count)
    }

    @Test("bounded by bytes", arguments: [100, 10_000, 16 << 20])
    func boundedByBytes(limit: Int) {
        let cache = SessionCache<Entry>(.bytes(limit))
        for number in 0..<2000 { insert(number, into: cache, cost: limit / 500 + number % 7) }
        #expect(cache.cost <= limit)
        #expect(cache.count > 0)
    }

    @Test("an entry larger than the bound is usable and not kept")
    func tooLarge() {
        let cache = SessionCache<Entry>(.bytes(100))
        insert(1, into: cache, cost: 50)
        #expect(insert(2, into: cache, cost: 101)?.number == 2)
        #expect(cache.find(digest(2)) == nil && cache.find(digest(1)) != nil)
    }

    @Test("what is used stays, what is not goes, and the owner hears of it")
    func secondChance() {
        let gone = Locked<[Int]>([])
        let cache = SessionCache<Entry>(.sessions(10)) { entry in gone.withLock { $0.append(entry.number) } }
        for number in 0..<10 { insert(number, into: cache) }
        for round in 0..<50 {
            for number in 0..<5 { #expect(cache.find(digest(number)) != nil) }
            insert(100 + round, into: cache)
        }
        for number in 0..<5 { #expect(cache.find(digest(number)) != nil) }
        #expect(cache.count == 10)
        let evicted = gone.withLock { $0 }
        #expect(evicted.count == 50 && Set(evicted).isDisjoint(with: 0..<5))
    }

    @Test("E44 a look-up that a logout overtook brings nothing back")
    func overtaken() {
        let cache = SessionCache<Entry>(.sessions(100))
        let ticket = cache.ticket(for: digest(1))
        cache.remove(digest(1))
        #expect(cache.insert(digest(1), Entry(1), cost: 1, ticket) == nil)
        #expect(cache.find(digest(1)) == nil)
        // Another session is not concerned, and a new look-up is a new one.
        let other = cache.ticket(for: digest(2))
        cache.remove(digest(1))
        #expect(cache.insert(digest(2), Entry(2), cost: 1, other)?.number == 2)
        #expect(insert(1, into: cache)?.number == 1)
    }

    @Test("E44 more endings than are remembered void every ticket from before them")
    func manyEndings() {
        let cache = SessionCache<Entry>(.sessions(100))
        let ticket = cache.ticket(for: digest(1))
        for number in 2..<258 { cache.remove(digest(number)) }
        #expect(cache.insert(digest(1), Entry(1), cost: 1, ticket)?.number == 1)
        cache.remove(digest(300))
        #expect(cache.insert(digest(999), Entry(999), cost: 1, ticket) == nil)
    }

    @Test("forgetting everything voids look-ups under way")
    func removeAll() {
        let cache = SessionCache<Entry>(.sessions(10_000))
        for number in 0..<100 { insert(number, into: cache) }
        let tickets = (200..<300).map { ($0, cache.ticket(for: digest($0))) }
        cache.removeAll()
        #expect(cache.count == 0 && cache.cost == 0 && cache.find(digest(1)) == nil)
        for (number, ticket) in tickets {
            #expect(cache.insert(digest(number), Entry(number), cost: 1, ticket) == nil)
        }
        #expect(insert(1, into: cache)?.number == 1)
    }

    @Test("of two look-ups the first wins; a renewal replaces, and outdates look-ups before it")
    func replace() {
        let cache = SessionCache<Entry>(.sessions(100))
        let slow = cache.ticket(for: digest(1))
        insert(1, into: cache)
        #expect(cache.insert(digest(1), Entry(2), cost: 1, slow)?.number == 1)
        #expect(cache.replace(digest(1), Entry(3), cost: 1, cache.ticket(for: digest(1))))
        #expect(cache.find(digest(1))?.number == 3 && cache.count == 1)
        // The row that a slow look-up read is older than the renewal: not even after an eviction may it come back.
        #expect(cache.insert(digest(1), Entry(1), cost: 1, slow) == nil)
        let ticket = cache.ticket(for: digest(1))
        cache.remove(digest(1))
        #expect(!cache.replace(digest(1), Entry(4), cost: 1, ticket))
        #expect(cache.find(digest(1)) == nil)
    }

    @Test("costs add up over any order of changes")
    func accounting() {
        let cache = SessionCache<Entry>(.bytes(5000))
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let number = Int.random(in: 0..<200, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: cache.remove(digest(number))
            case 1:
                _ = cache.replace(
                    digest(number), Entry(number), cost: number + 1, cache.ticket(for: digest(number)))
            case 2: insert(number, into: cache, cost: number + 1)
            default: if let entry = cache.find(digest(number)) { #expect(entry.number == number) }
            }
        }
        let entries = cache.entries
        #expect(cache.cost == entries.reduce(0) { $0 + $1.number + 1 } && cache.count == entries.count)
        #expect(cache.cost <= 5000)
        for entry in entries { cache.remove(digest(entry.number)) }
        #expect(cache.cost == 0 && cache.count == 0)
    }

    @Test("many threads at once: nothing that ended is ever found again")
    func concurrent() async {
        let cache = SessionCache<Entry>(.sessions(10_000))
        let wrong = Locked(0)
        let refused = Locked(0)
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<4 {
                group.addTask { [self] in
                    for round in 0..<2000 {
                        let number = worker * 2000 + round
                        let ticket = cache.ticket(for: digest(number))
                        let kept = cache.insert(digest(number), Entry(number), cost: 1, ticket)
                        if round % 3 == 0 {
                            cache.remove(digest(number))
                            _ = cache.insert(digest(number), Entry(number), cost: 1, ticket)
                            if cache.find(digest(number)) != nil { wrong.withLock { $0 += 1 } }
                        } else if kept == nil {
                            // Refused without need: only when very many ended meanwhile.
                            refused.withLock { $0 += 1 }
                        }
                    }
                }
            }
        }
        #expect(wrong.withLock { $0 } == 0)
        #expect(refused.withLock { $0 } < 8000)
    }
}
