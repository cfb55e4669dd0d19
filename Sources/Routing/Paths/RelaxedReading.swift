import Bytes

/// A canonical path as an upstream reads it that takes the liberties which a route tolerates (G71).
enum RelaxedReading {
    struct Liberties: OptionSet {
        let rawValue: UInt8

        /// `%2F` is a slash.
        static let decodesSlashes = Liberties(rawValue: 1 << 0)
        /// Repeated slashes are one.
        static let mergesSlashes = Liberties(rawValue: 1 << 1)
        /// Parameters, from `;` to the end of the segment, are dropped after decoding.
        static let dropsParameters = Liberties(rawValue: 1 << 2)
        /// They are dropped before decoding, so that `%2F` does not end them.
        static let dropsParametersFirst = Liberties(rawValue: 1 << 3)

        /// Every liberty that can make a difference to a path with such needs.
        static func possible(with needs: PathTolerances) -> Liberties {
            // A slash that appears, or a parameter that vanishes, can bring two slashes together.
            var possible: Liberties = .mergesSlashes
            if needs.contains(.encodedSlash) { possible.insert(.decodesSlashes) }
            if needs.contains(.semicolon) { possible.insert(.dropsParameters) }
            if needs.isSuperset(of: [.encodedSlash, .semicolon]) { possible.insert(.dropsParametersFirst) }
            return possible
        }

        /// One more than the greatest combination.
        static let combinations: UInt8 = 1 << 4
    }

    /// Writes over `relaxed` what a canonical path becomes when these liberties are taken with it.
    static func write(_ canonical: borrowing ByteBuffer, taking: Liberties, into relaxed: inout ByteBuffer) {
        let path = canonical.bytes
        relaxed.clear()
        relaxed.reserve(path.count)
        var inParameter = false
        var index = 0
        while index < path.count {
            let byte = path[index]
            let octet = byte == PathReading.percent ? Lookalike.octet(in: path, at: index) : nil
            let width = octet == nil ? 1 : 3
            let isDecodedSlash = octet == PathReading.slash && taking.contains(.decodesSlashes)
            let isParameter = byte == PathReading.semicolon || octet == PathReading.semicolon
            if byte == PathReading.slash || isDecodedSlash && !(inParameter && taking.contains(.dropsParametersFirst)) {
                inParameter = false
                let repeats = relaxed.count > 0 && relaxed.bytes[relaxed.count - 1] == PathReading.slash
                if !(repeats && taking.contains(.mergesSlashes)) { relaxed.append(PathReading.slash) }
            } else if isParameter && !taking.isDisjoint(with: [.dropsParameters, .dropsParametersFirst]) {
                inParameter = true
            } else if !inParameter {
                for offset in index..<(index + width) { relaxed.append(path[offset]) }
            }
            index += width
        }
    }

    /// Writes over `unwrapped` what is left of a canonical path when `%25` before two hexadecimal digits is decoded once more;
    /// false when there is no such thing.
    static func unwrapPercent(_ canonical: borrowing ByteBuffer, into unwrapped: inout ByteBuffer) -> Bool {
        let path = canonical.bytes
        unwrapped.clear()
        unwrapped.reserve(path.count)
        var found = false
        var index = 0
        while index < path.count {
            unwrapped.append(path[index])
            if Lookalike.octet(in: path, at: index) == PathReading.percent, index + 4 < path.count,
                ByteClass.hexadecimalValue(path[index + 3]) != nil, ByteClass.hexadecimalValue(path[index + 4]) != nil
            {
                found = true
                index += 3
            } else {
                index += 1
            }
        }
        return found
    }
}
