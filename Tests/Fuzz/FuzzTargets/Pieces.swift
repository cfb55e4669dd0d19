import Bytes

/// The same bytes cut into pieces, as a network would; the sizes come from the input itself.
struct Pieces {
    private let sizes: [Int]

    /// The first byte chooses: whole, byte by byte, or sizes that repeat.
    init(_ choice: UInt8) {
        switch choice & 3 {
        case 0: sizes = [1]
        case 1: sizes = [Int(choice >> 2) + 1]
        case 2: sizes = [1, Int(choice >> 2) + 2]
        default: sizes = [Int(choice >> 2) + 1, 1, 7]
        }
    }

    func cut(_ bytes: [UInt8]) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var at = 0
        var turn = 0
        while at < bytes.count {
            let end = min(bytes.count, at + sizes[turn % sizes.count])
            pieces.append(Array(bytes[at..<end]))
            at = end
            turn += 1
        }
        return pieces
    }
}
