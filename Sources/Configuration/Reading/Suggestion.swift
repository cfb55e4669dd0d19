/// Finds what somebody meant.
enum Suggestion {
    /// `did you mean …?` with the nearest of `candidates`, or nil when none is near.
    static func hint(for word: String, among candidates: some Sequence<String>) -> String? {
        nearest(to: word, among: candidates).map { "did you mean \($0)?" }
    }

    /// The candidate with the fewest typing mistakes, at most one in three letters; the first of several.
    static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
        let typed = fold(word)
        // Distances grow with the square of the length; nobody means a word by a page of text.
        guard typed.count <= 64 else { return nil }
        var best: (candidate: String, distance: Int)?
        for candidate in candidates {
            let meant = fold(candidate)
            let allowed = max(1, max(typed.count, meant.count) / 3)
            // Whoever writes `warn` means `warning`.
            if typed.count >= 3, meant.starts(with: typed) || (meant.count >= 3 && typed.starts(with: meant)) {
                return candidate
            }
            guard meant.count <= 64, abs(typed.count - meant.count) <= allowed else { continue }
            let distance = distance(typed, meant)
            if distance <= allowed, distance < best?.distance ?? Int.max { best = (candidate, distance) }
        }
        return best?.candidate
    }

    /// Case and the choice between `-`, `_` and nothing are no mistakes worth counting.
    private static func fold(_ word: String) -> [UInt8] {
        word.lowercased().utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "_") }
    }

    /// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
    static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in 1...a.count {
            var row = [i]
            for j in 1...b.count {
                let replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
                var cost = min(replaced, last[j] + 1, row[j - 1] + 1)
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { cost = min(cost, beforeLast[j - 2] + 1) }
                row.append(cost)
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
