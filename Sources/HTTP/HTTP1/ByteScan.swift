internal import Bytes

/// Searches that look at 16 bytes at a time: where a head spends its parsing time.
enum ByteScan {
    /// The index of the first control character (below 0x20, or 0x7F) at or after `from`; `bytes.count` without one.
    @inline(__always)
    static func firstControl(_ bytes: Span<UInt8>, from: Int) -> Int {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            let count = buffer.count
            var at = from
            guard let base = unsafe UnsafeRawPointer(buffer.baseAddress) else { return count }
            while at &+ 16 <= count {
                let lanes = unsafe (base + at).loadUnaligned(as: SIMD16<UInt8>.self)
                // Bit 7 of a lane: subtracting 0x20 borrows below 0x20, adding 1 carries at 0x7F.
                let outside = (lanes &- SIMD16(repeating: 0x20)) | (lanes &+ SIMD16(repeating: 1))
                let found = outside & ~lanes & ByteLanes.top
                if let lane = ByteLanes.first(found) { return at &+ lane }
                at &+= 16
            }
            while at < count {
                let byte = unsafe buffer[at]
                if byte < 0x20 || byte == 0x7F { return at }
                at &+= 1
            }
            return count
        }
    }

    /// The index of the first byte that is no letter, digit or hyphen at or after `from`; `bytes.count` without one.
    ///
    /// These are the bytes of nearly every field name; the reader judges the others one by one.
    @inline(__always)
    static func plainNameEnd(_ bytes: Span<UInt8>, from: Int) -> Int {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            let count = buffer.count
            var at = from
            guard let base = unsafe UnsafeRawPointer(buffer.baseAddress) else { return count }
            while at &+ 16 <= count {
                let lanes = unsafe (base + at).loadUnaligned(as: SIMD16<UInt8>.self)
                let folded = lanes | SIMD16(repeating: 0x20)
                let letter = (folded &+ SIMD16(repeating: 0x1F)) & ~(folded &+ SIMD16(repeating: 0x05))
                let digit = (lanes &+ SIMD16(repeating: 0x50)) & ~(lanes &+ SIMD16(repeating: 0x46))
                let hyphen = ~((lanes ^ SIMD16(repeating: 0x2D)) &+ SIMD16(repeating: 0x7F))
                let found = (~(letter | digit | hyphen) | lanes) & ByteLanes.top
                if let lane = ByteLanes.first(found) { return at &+ lane }
                at &+= 16
            }
            while at < count {
                let byte = unsafe buffer[at]
                if !((byte | 0x20) &- 97 < 26 || byte &- 48 < 10 || byte == 0x2D) { return at }
                at &+= 1
            }
            return count
        }
    }

    /// True when every byte is visible ASCII and none is `#`.
    static func isTarget(_ bytes: Span<UInt8>) -> Bool {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            let count = buffer.count
            var at = 0
            guard let base = unsafe UnsafeRawPointer(buffer.baseAddress) else { return true }
            while at &+ 16 <= count {
                let lanes = unsafe (base + at).loadUnaligned(as: SIMD16<UInt8>.self)
                let outside = (lanes &- SIMD16(repeating: 0x21)) | (lanes &+ SIMD16(repeating: 1)) | lanes
                let fragment = ~((lanes ^ SIMD16(repeating: 0x23)) &+ SIMD16(repeating: 0x7F))
                if ByteLanes.first((outside | fragment) & ByteLanes.top) != nil { return false }
                at &+= 16
            }
            while at < count {
                let byte = unsafe buffer[at]
                if byte <= 0x20 || byte >= 0x7F || byte == UInt8(ascii: "#") { return false }
                at &+= 1
            }
            return true
        }
    }

    /// Up to eight bytes from `at`, letters folded to lower case, as one number; the first byte is the lowest.
    ///
    /// Setting bit 5 is exact for what it is used for: no other `tchar` falls on a lower-case letter, a digit or `-`.
    @inline(__always)
    static func foldedWord(_ bytes: Span<UInt8>, at: Int, count: Int) -> UInt64 {
        precondition(at >= 0 && count >= 0 && count <= 8 && at <= bytes.count &- count, "outside the bytes")
        if count == 0 { return 0 }
        let word = at &+ 8 <= bytes.count ? loadWord(bytes, at: at) : gatherWord(bytes, at: at, count: count)
        return (word | 0x2020_2020_2020_2020) & (UInt64.max &>> UInt64(64 &- 8 &* count))
    }

    @inline(__always)
    private static func loadWord(_ bytes: Span<UInt8>, at: Int) -> UInt64 {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            guard let base = unsafe UnsafeRawPointer(buffer.baseAddress) else { return 0 }
            return unsafe UInt64(littleEndian: (base + at).loadUnaligned(as: UInt64.self))
        }
    }

    private static func gatherWord(_ bytes: Span<UInt8>, at: Int, count: Int) -> UInt64 {
        var word: UInt64 = 0
        for index in 0..<count { word |= UInt64(bytes[at &+ index]) &<< UInt64(8 &* index) }
        return word
    }
}
