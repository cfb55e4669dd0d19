internal import Bytes

extension KnownField {
    /// The field with this name in any letter case, or ``other``.
    package init(_ name: Span<UInt8>) {
        self = KnownFieldTable.shared.find(name)
    }
}

/// Finds a known field by the length of its name, its first and its last eight bytes.
struct KnownFieldTable: Sendable {
    private struct Candidate: Sendable {
        let first: UInt64
        let last: UInt64
        let field: KnownField
        /// Up to 16 bytes the two words are the whole name.
        let isWhole: Bool
    }

    static let shared = KnownFieldTable()

    private var candidates: [Candidate] = []
    /// Where the candidates of each length begin; one more than the longest name, so that the end is there too.
    private var starts: [Int] = []

    private init() {
        let fields = KnownField.allCases.filter { $0 != .other }
        let longest = fields.map(\.name.utf8CodeUnitCount).max() ?? 0
        for length in 0...longest {
            starts.append(candidates.count)
            for field in fields where field.name.utf8CodeUnitCount == length {
                let (first, last) = field.withName { Self.words($0) }
                candidates.append(Candidate(first: first, last: last, field: field, isWhole: length <= 16))
            }
        }
        starts.append(candidates.count)
    }

    private static func words(_ name: Span<UInt8>) -> (UInt64, UInt64) {
        let piece = Swift.min(8, name.count)
        return (
            ByteScan.foldedWord(name, at: 0, count: piece),
            ByteScan.foldedWord(name, at: name.count - piece, count: piece)
        )
    }

    func find(_ name: Span<UInt8>) -> KnownField {
        let length = name.count
        guard length < starts.count - 1 else { return .other }
        let (first, last) = Self.words(name)
        for index in starts[length]..<starts[length + 1] {
            let candidate = candidates[index]
            guard candidate.first == first, candidate.last == last else { continue }
            if candidate.isWhole { return candidate.field }
            return candidate.field.withName { $0.equalsIgnoringCase(name) } ? candidate.field : .other
        }
        return .other
    }
}

extension KnownField {
    /// Lends the bytes of ``name``.
    func withName<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        let text = name
        return unsafe body(Span(_unsafeStart: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
