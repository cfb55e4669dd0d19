import Bytes

/// Finds the longest pattern on segment borders at a cost that does not grow with the number of patterns.
///
/// One pass over the path keeps a hash of what has been read; at each segment border one probe of an open-addressing
/// table asks whether a pattern ends there. The pass stops where the longest pattern does. Only the configuration puts
/// keys in, so nobody can make them collide.
struct PathIndex: Sendable {
    /// What stands under one key; -1 for nothing.
    struct Node: Sendable {
        var hash: UInt64
        var keyStart: UInt32
        var keyCount: UInt32
        var exact: Int32 = -1
        var prefix: Int32 = -1
    }

    private var nodes: [Node] = []
    private var keys: [UInt8] = []
    /// Indices into `nodes` plus one; 0 is free.
    ///
    /// At most half of them are taken.
    private var slots: [UInt32] = []
    private var longestKey = 0

    /// Files `value` under a pattern.
    ///
    /// `append` says what becomes of a value that is already there.
    mutating func insert(_ key: Span<UInt8>, _ kind: PathPattern.Kind, merging: (_ present: Int32?) -> Int32) {
        if (nodes.count + 1) * 2 > slots.count { rehash() }
        var hash = Self.seed
        for index in key.indices { hash = Self.mix(hash, key[index]) }
        let place = slot(of: key, count: key.count, hash: hash)
        if slots[place] == 0 {
            nodes.append(Node(hash: hash, keyStart: UInt32(keys.count), keyCount: UInt32(key.count)))
            for index in key.indices { keys.append(key[index]) }
            slots[place] = UInt32(nodes.count)
            longestKey = max(longestKey, key.count)
        }
        let node = Int(slots[place]) - 1
        switch kind {
        case .exact: nodes[node].exact = merging(nodes[node].exact < 0 ? nil : nodes[node].exact)
        case .prefix: nodes[node].prefix = merging(nodes[node].prefix < 0 ? nil : nodes[node].prefix)
        }
    }

    /// The value of the longest pattern that `path` lies under, exact before prefix; -1 when there is none.
    func longestMatch(_ path: Span<UInt8>) -> Int32 {
        if nodes.isEmpty { return -1 }
        var found: Int32 = -1
        var hash = Self.seed
        var position = 0
        let end = path.count
        while true {
            if position == end || path[position] == PathReading.slash {
                let taken = slots[slot(of: path, count: position, hash: hash)]
                if taken != 0 {
                    let node = nodes[Int(taken) - 1]
                    // `/x` and `/x/` are one path.
                    if node.exact >= 0 && position >= end - 1 {
                        found = node.exact
                    } else if node.prefix >= 0 {
                        found = node.prefix
                    }
                }
            }
            if position == end || position == longestKey { return found }
            hash = Self.mix(hash, path[position])
            position &+= 1
        }
    }

    /// The slot that holds the first `count` bytes of `text` as a key, or the free one where they would go.
    private func slot(of text: Span<UInt8>, count: Int, hash: UInt64) -> Int {
        let mask = slots.count &- 1
        // The upper half is the better mixed one.
        var place = Int(truncatingIfNeeded: hash >> 32) & mask
        while true {
            let taken = slots[place]
            if taken == 0 { return place }
            let node = nodes[Int(taken) &- 1]
            if node.hash == hash && Int(node.keyCount) == count {
                var same = true
                var index = 0
                while index < count {
                    if text[index] != keys[Int(node.keyStart) &+ index] {
                        same = false
                        break
                    }
                    index &+= 1
                }
                if same { return place }
            }
            place = (place &+ 1) & mask
        }
    }

    private mutating func rehash() {
        slots = [UInt32](repeating: 0, count: max(16, slots.count * 2))
        let mask = slots.count - 1
        for (index, node) in nodes.enumerated() {
            var place = Int(truncatingIfNeeded: node.hash >> 32) & mask
            while slots[place] != 0 { place = (place + 1) & mask }
            slots[place] = UInt32(index + 1)
        }
    }

    private static var seed: UInt64 { 0xcbf2_9ce4_8422_2325 }

    /// FNV-1a.
    @inline(__always) private static func mix(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
        (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }
}
