import Cryptography
private import Threads

/// The cache without the type of its entries, so that one compiled copy serves every module.
final class CacheCore: Sendable {
    private let shards: [Locked<CacheShard>]
    private let countsEntries: Bool
    /// What bucket a digest is in is nobody's business.
    private let secret = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))

    init(_ limit: SessionSettings.CacheLimit) {
        let total: Int
        let isSmall: Bool
        switch limit {
        case .bytes(let bytes): (total, isSmall, countsEntries) = (bytes, bytes < 8 << 20, false)
        case .sessions(let number): (total, isSmall, countsEntries) = (number, number < 8192, true)
        }
        // Many locks where many workers meet; one where a shard's share would be too small to be fair.
        let number = isSmall ? 1 : 16
        shards = (0..<number).map { _ in Locked(CacheShard(limit: total / number)) }
    }

    private func number(_ digest: SHA256Digest) -> Int { digest.mixed(with: secret) }

    func find(_ digest: SHA256Digest) -> CacheEntry? {
        let hash = number(digest)
        return shard(hash).withLock { $0.find(digest, hash: hash) }
    }

    func ticket(_ digest: SHA256Digest) -> UInt64 { shard(number(digest)).withLock { $0.changes } }

    /// Keeps `entry` unless the digest ended since the ticket, or a newer entry is there already.
    func insert(
        _ digest: SHA256Digest, _ entry: CacheEntry, cost: Int, ticket: UInt64,
        evicted: inout [CacheEntry]
    ) -> CacheEntry? {
        let hash = number(digest)
        let (kept, out) = shard(hash).withLock { shard -> (CacheEntry?, [CacheEntry]) in
            var out: [CacheEntry] = []
            guard shard.isValid(ticket, for: digest) else { return (nil, out) }
            if let standing = shard.find(digest, hash: hash) { return (standing, out) }
            shard.put(digest, hash: hash, entry, cost: countsEntries ? 1 : cost, evicted: &out)
            return (entry, out)
        }
        evicted = out
        return kept
    }

    /// Puts `entry` in the place of an older one; look-ups under way will not bring that back.
    func replace(
        _ digest: SHA256Digest, _ entry: CacheEntry, cost: Int, ticket: UInt64,
        evicted: inout [CacheEntry]
    ) -> Bool {
        let hash = number(digest)
        let (done, out) = shard(hash).withLock { shard -> (Bool, [CacheEntry]) in
            var out: [CacheEntry] = []
            guard shard.isValid(ticket, for: digest) else { return (false, out) }
            _ = shard.takeOut(digest, hash: hash)
            shard.put(digest, hash: hash, entry, cost: countsEntries ? 1 : cost, evicted: &out)
            shard.note(digest)
            return (true, out)
        }
        evicted = out
        return done
    }

    func remove(_ digest: SHA256Digest) -> CacheEntry? {
        let hash = number(digest)
        return shard(hash).withLock { shard in
            shard.note(digest)
            return shard.takeOut(digest, hash: hash)
        }
    }

    func removeAll() {
        for shard in shards { shard.withLock { $0.clear() } }
    }

    func entries() -> [CacheEntry] { shards.flatMap { $0.withLock { $0.entries } } }

    func totals() -> (count: Int, cost: Int) {
        shards.reduce((0, 0)) { sum, shard in
            let part = shard.withLock { ($0.count, $0.cost) }
            return (sum.0 + part.0, sum.1 + part.1)
        }
    }

    /// The table inside a shard uses the low bits of the hash, so the shard comes from the high ones.
    private func shard(_ hash: Int) -> Locked<CacheShard> {
        shards[shards.count == 1 ? 0 : Int(UInt(bitPattern: hash) >> 60)]
    }
}

/// What the cache keeps; its type is known outside.
typealias CacheEntry = any AnyObject & Sendable
