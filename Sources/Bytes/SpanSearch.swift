private import Glibc

extension Span where Element == UInt8 {
    /// The first index of `byte` at or after `from`.
    @inlinable package func firstIndex(of byte: UInt8, from: Int = 0) -> Int? {
        unsafe withUnsafeBufferPointer { unsafe findByte($0, byte, from) }
    }

    /// The first index in `range` of `byte`.
    package func firstIndex(of byte: UInt8, in range: Range<Int>) -> Int? {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "outside the bytes")
        return unsafe withUnsafeBufferPointer { unsafe findByte($0, byte, range) }
    }

    /// The first index at or after `from` whose byte is not plain: no printable ASCII, a quote or a backslash.
    @usableFromInline package func firstToQuote(from: Int) -> Int? {
        var at = from
        while at &+ 16 <= count {
            let lanes = unsafe withUnsafeBufferPointer { unsafe loadLanes($0, at) }
            // Subtracting 0x20 borrows below it, adding 1 carries at 0x7F.
            let outside = (lanes &- SIMD16(repeating: 0x20)) | (lanes &+ SIMD16(repeating: 1)) | lanes
            let quoting =
                ByteLanes.holding(UInt8(ascii: "\""), lanes) | ByteLanes.holding(UInt8(ascii: "\\"), lanes)
            if let lane = ByteLanes.first((outside | quoting) & ByteLanes.top) { return at &+ lane }
            at &+= 16
        }
        // Two words that may overlap are soon seen to be plain, and mostly are.
        if count &- at >= 8, unsafe withUnsafeBufferPointer({ unsafe arePlain($0, at, $0.count &- 8) }) { return nil }
        while at < count {
            let byte = self[at]
            if byte < 0x20 || byte >= 0x7F || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return at }
            at &+= 1
        }
        return nil
    }

    /// True when every byte is a letter, a digit, `-` or `_`.
    package var isBase64URL: Bool {
        if count < 16 { return ByteClass.base64URL.firstOutside(self) == nil }
        var at = 0
        while true {
            let lanes = unsafe withUnsafeBufferPointer { unsafe loadLanes($0, at) }
            let folded = lanes | SIMD16(repeating: 0x20)
            let letter = (folded &+ SIMD16(repeating: 0x1F)) & ~(folded &+ SIMD16(repeating: 0x05))
            let digit = (lanes &+ SIMD16(repeating: 0x50)) & ~(lanes &+ SIMD16(repeating: 0x46))
            let other =
                ByteLanes.holding(UInt8(ascii: "-"), lanes) | ByteLanes.holding(UInt8(ascii: "_"), lanes)
            if ByteLanes.first((~(letter | digit | other) | lanes) & ByteLanes.top) != nil { return false }
            if at &+ 16 == count { return true }
            // The last lanes overlap those before.
            at = Swift.min(at &+ 16, count &- 16)
        }
    }

    /// The first index at which `needle` begins, at or after `from`; an empty needle is never found.
    package func firstRange(of needle: Span<UInt8>, from: Int = 0) -> Range<Int>? {
        let length = needle.count
        guard length > 0, from >= 0 else { return nil }
        var at = from
        while let start = firstIndex(of: needle[0], from: at), count - start >= length {
            if extracting(start..<(start + length)).equals(needle) { return start..<(start + length) }
            at = start + 1
        }
        return nil
    }

    @inlinable package func equals(_ other: Span<UInt8>) -> Bool {
        if count != other.count { return false }
        for index in indices where self[index] != other[index] { return false }
        return true
    }

    @inlinable package func equals(_ text: StaticString) -> Bool {
        if count != text.utf8CodeUnitCount { return false }
        for index in indices where unsafe self[index] != text.utf8Start[index] { return false }
        return true
    }

    /// Compares with `lowercase`, folding ASCII letters of this span only.
    @inlinable package func equalsIgnoringCase(_ lowercase: StaticString) -> Bool {
        if count != lowercase.utf8CodeUnitCount { return false }
        for index in indices where unsafe ByteClass.lowercase(self[index]) != lowercase.utf8Start[index] {
            return false
        }
        return true
    }

    /// Compares with another span, folding ASCII letters on both sides.
    @inlinable package func equalsIgnoringCase(_ other: Span<UInt8>) -> Bool {
        if count != other.count { return false }
        for index in indices where ByteClass.lowercase(self[index]) != ByteClass.lowercase(other[index]) {
            return false
        }
        return true
    }

    @inlinable package func hasPrefix(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        if count < length { return false }
        for index in 0..<length where unsafe self[index] != text.utf8Start[index] { return false }
        return true
    }

    @inlinable package func hasPrefix(_ other: Span<UInt8>) -> Bool {
        if count < other.count { return false }
        for index in other.indices where self[index] != other[index] { return false }
        return true
    }
}

@usableFromInline func findByte(_ bytes: UnsafeBufferPointer<UInt8>, _ byte: UInt8, _ from: Int) -> Int? {
    guard from >= 0, from < bytes.count else { return nil }
    return unsafe findByte(bytes, byte, from..<bytes.count)
}

/// In a head it mostly stands close by, where it is found sooner than a call is made.
private func findByte(_ bytes: UnsafeBufferPointer<UInt8>, _ byte: UInt8, _ range: Range<Int>) -> Int? {
    var at = range.lowerBound
    // Lanes may be read beyond the range where there are bytes.
    if at &+ 16 <= bytes.count {
        if let lane = ByteLanes.first(ByteLanes.holding(byte, unsafe loadLanes(bytes, at))) {
            return at &+ lane < range.upperBound ? at &+ lane : nil
        }
        at &+= 16
    }
    guard at < range.upperBound, let base = bytes.baseAddress,
        let found = unsafe memchr(base + at, Int32(byte), range.upperBound &- at)
    else { return nil }
    return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
}

/// True when the eight bytes at `first` and those at `second` are printable ASCII, without quote and backslash.
@inline(__always)
private func arePlain(_ bytes: UnsafeBufferPointer<UInt8>, _ first: Int, _ second: Int) -> Bool {
    precondition(first >= 0 && second >= first && second &+ 8 <= bytes.count, "outside the bytes")
    let base = unsafe UnsafeRawPointer(bytes.baseAddress.unsafelyUnwrapped)
    return unsafe isPlain((base + first).loadUnaligned(as: UInt64.self))
        && isPlain((base + second).loadUnaligned(as: UInt64.self))
}

/// As in lanes; what is borrowed or carried from one byte to the next comes from one that is not plain.
@inline(__always)
private func isPlain(_ word: UInt64) -> Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let (quote, backslash) = (word ^ ones &* 0x22, word ^ ones &* 0x5C)
    let marks = (quote &- ones) & ~quote | (backslash &- ones) & ~backslash
    return (word &- ones &* 0x20 | word &+ ones | word | marks) & ones &* 0x80 == 0
}

@inline(__always)
private func loadLanes(_ bytes: UnsafeBufferPointer<UInt8>, _ at: Int) -> SIMD16<UInt8> {
    precondition(at >= 0 && at &+ 16 <= bytes.count, "outside the bytes")
    return unsafe UnsafeRawPointer(bytes.baseAddress.unsafelyUnwrapped + at).loadUnaligned(as: SIMD16<UInt8>.self)
}
