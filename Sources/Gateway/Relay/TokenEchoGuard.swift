package import Bytes

/// Overwrites the bearer token where an upstream echoes it in a body (E35).
///
/// The gateway knows the token it attached. Only the first ``window`` bytes of a body are looked at, so that a large
/// download pays nothing. Occurrences across block borders are found too: the longest end of a block that may begin a
/// token is held back until the next block, or the end, decides.
package struct TokenEchoGuard: ~Copyable {
    /// How many bytes of a body are looked at.
    package static let window = 64 * 1024

    private var token: [UInt8] = []
    private var held = 0
    private var seen = 0
    /// True once an occurrence was found.
    package private(set) var found = false

    package init() {}

    /// Begins a new body; `token` is what must not be seen in it.
    ///
    /// An empty token is never found.
    package mutating func begin(token: [UInt8]) {
        self.token = token
        held = 0
        seen = 0
        found = false
    }

    /// True while the body still has to pass through ``filter(_:into:)``.
    package var isWatching: Bool { !token.isEmpty && (seen < Self.window || held > 0) }

    /// Copies `piece` to `output` with every occurrence overwritten by `*`, holding back what may begin one.
    package mutating func filter(_ piece: Span<UInt8>, into output: inout ByteBuffer) {
        let before = output.count
        // What was held back is a beginning of the token, byte for byte.
        output.append(token.span.extracting(0..<held))
        output.append(piece)
        seen += piece.count
        var from = before
        while let hit = output.bytes.firstRange(of: token.span, from: from) {
            found = true
            let stars = [UInt8](repeating: UInt8(ascii: "*"), count: token.count)
            output.overwrite(at: hit.lowerBound, with: stars.span)
            from = hit.upperBound
        }
        // Beyond the window nothing new is held back, but what is held is decided first.
        held = seen < Self.window + token.count ? longestBeginning(in: output.bytes.extracting(from..<output.count)) : 0
        output.removeLast(held)
    }

    /// Gives out what was held back: the body is over.
    package mutating func end(into output: inout ByteBuffer) {
        output.append(token.span.extracting(0..<held))
        held = 0
        seen = Self.window
    }

    /// The length of the longest end of `bytes` that is a beginning of the token, shorter than the whole token.
    private func longestBeginning(in bytes: Span<UInt8>) -> Int {
        let token = token.span
        var start = max(0, bytes.count - token.count + 1)
        // Only where the token's first byte stands can it begin.
        while let at = bytes.firstIndex(of: token[0], from: start) {
            if token.hasPrefix(bytes.extracting(at..<bytes.count)) { return bytes.count - at }
            start = at + 1
        }
        return 0
    }

    /// True when `value` contains the token: such a response header is dropped.
    package func occurs(in value: Span<UInt8>) -> Bool {
        !token.isEmpty && value.count >= token.count && value.firstRange(of: token.span) != nil
    }
}
