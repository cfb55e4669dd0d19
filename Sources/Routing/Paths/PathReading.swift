import Bytes

/// The one reading of a request path: canonical bytes on which everything is decided (G71).
///
/// Percent-encoded characters that may stand plainly in a path are decoded, what may not is encoded in upper-case
/// hexadecimal, and nothing is decoded twice. The reading repairs nothing: what upstreams are known to read in several
/// ways is reported as features, each of which a route must tolerate by name.
enum PathReading {
    /// How little there is to read in a path.
    enum Plainness {
        /// It is its own canonical form, and nobody reads it differently.
        case plain
        /// The same but for capital letters.
        case capitals
        /// It has to be read.
        case none
    }

    /// One scan: letters, digits, harmless punctuation and single slashes; no segment that ends with a dot.
    static func plainness(of path: Span<UInt8>) -> Plainness {
        let count = path.count
        guard count > 0, path[0] == slash else { return .none }
        var plainness = Plainness.plain
        var previous = slash
        var index = 1
        while index < count {
            let byte = path[index]
            if !plainLower.contains(byte) {
                if !upper.contains(byte) { return .none }
                plainness = .capitals
            }
            if byte == slash && (previous == slash || previous == dot) { return .none }
            previous = byte
            index &+= 1
        }
        return previous == dot ? .none : plainness
    }

    /// Writes the canonical form of `path` over `canonical`.
    ///
    /// - Returns: the tolerances that the path needs. ``PathTolerances/letterCase`` stands for every byte that makes a
    ///   second, folded look-up necessary, not only for letters.
    static func write(
        _ path: Span<UInt8>, into canonical: inout ByteBuffer
    ) throws(PathRefusal) -> PathTolerances {
        canonical.clear()
        let count = path.count
        if count == 0 {
            canonical.append(slash)
            return []
        }
        guard path[0] == slash else { throw .notAbsolute }
        // `//host/path` is a network-path reference to every URL parser: no tolerance reaches it.
        if count > 1 && path[1] == slash { throw .doubleSlash }
        canonical.reserve(count)

        var needs: PathTolerances = []
        var text = UTF8Progress()
        // What stands before a segment's possible end: a dot or a space there needs the folded reading.
        var endsOddly = false
        var previousIsSlash = false
        var index = 0
        while index < count {
            var byte = path[index]
            let isEncoded = byte == percent
            if isEncoded {
                guard index + 2 < count, let high = ByteClass.hexadecimalValue(path[index + 1]),
                    let low = ByteClass.hexadecimalValue(path[index + 2])
                else { throw .malformedPercent }
                byte = high << 4 | low
                index += 3
            } else {
                index += 1
            }

            if byte >= 0x80 {
                guard isEncoded else { throw .character }
                guard text.take(byte) else { throw .notUTF8 }
                canonical.append(percentEncoded: byte)
                if Lookalike.mayBegin(with: byte) { needs.insert(.letterCase) }
                endsOddly = false
                previousIsSlash = false
                continue
            }
            guard text.isComplete else { throw .notUTF8 }

            let isSlash = byte == slash && !isEncoded
            if isSlash || byte == semicolon || byte == slash {
                if endsOddly { needs.insert(.letterCase) }
            }
            switch byte {
            case slash:
                if isEncoded {
                    needs.insert(.encodedSlash)
                    canonical.append(percentEncoded: byte)
                } else {
                    if previousIsSlash { needs.insert(.doubleSlash) }
                    canonical.append(byte)
                }
            case percent:
                needs.insert(.encodedPercent)
                canonical.append(percentEncoded: byte)
            case semicolon:
                needs.insert(.semicolon)
                if isEncoded { canonical.append(percentEncoded: byte) } else { canonical.append(byte) }
            case backslash:
                throw .backslash
            case 0..<0x20, 0x7F:
                throw isEncoded ? .encodedControl : .character
            case questionMark, numberSign:
                // Upstreams that parse once more after decoding end the path here.
                guard isEncoded else { throw .character }
                needs.insert(.letterCase)
                canonical.append(percentEncoded: byte)
            case space:
                guard isEncoded else { throw .character }
                canonical.append(percentEncoded: byte)
            default:
                if upper.contains(byte) {
                    needs.insert(.letterCase)
                    canonical.append(byte)
                } else if plainLower.contains(byte) {
                    canonical.append(byte)
                } else {
                    canonical.append(percentEncoded: byte)
                }
            }
            endsOddly = byte == dot || byte == space
            previousIsSlash = isSlash
        }
        guard text.isComplete else { throw .notUTF8 }
        if endsOddly { needs.insert(.letterCase) }
        return needs
    }

    /// Reads what came out of an earlier reading.
    static func write(
        again path: borrowing ByteBuffer, into canonical: inout ByteBuffer
    ) throws(PathRefusal) -> PathTolerances {
        try write(path.bytes, into: &canonical)
    }

    static let slash = UInt8(ascii: "/")
    static let dot = UInt8(ascii: ".")
    static let space = UInt8(ascii: " ")
    static let percent = UInt8(ascii: "%")
    static let semicolon = UInt8(ascii: ";")
    static let backslash = UInt8(ascii: "\\")
    static let questionMark = UInt8(ascii: "?")
    static let numberSign = UInt8(ascii: "#")

    /// Lower-case letters, digits, `-._~!$&'()*+,=:@` and `/`: `pchar` (RFC 3986, section 3.3) without letters that fold
    /// and without `;`.
    static var plainLower: ASCIISet { ASCIISet(low: 0x27ff_ffd2_0000_0000, high: 0x47ff_fffe_8000_0001) }
    static var upper: ASCIISet { ASCIISet(low: 0, high: 0x07ff_fffe) }
}

/// A set of ASCII bytes in two words: no table, no memory.
struct ASCIISet {
    let low: UInt64
    let high: UInt64

    @inline(__always) func contains(_ byte: UInt8) -> Bool {
        let word = byte < 64 ? low : byte < 128 ? high : 0
        return word >> UInt64(byte & 63) & 1 != 0
    }
}

extension ByteBuffer {
    /// Appends `%XX` in upper case.
    mutating func append(percentEncoded byte: UInt8) {
        reserve(3)
        append(UInt8(ascii: "%"))
        append(hexadecimalDigit: byte >> 4)
        append(hexadecimalDigit: byte & 15)
    }

    private mutating func append(hexadecimalDigit value: UInt8) {
        append(value < 10 ? 48 &+ value : 55 &+ value)
    }
}
