/// Sixteen bytes at a time.
///
/// The lanes are computed with wrapping arithmetic, because comparing lanes is not vectorised by this compiler: what is
/// looked for sets bit 7 of its lane.
@usableFromInline
package enum ByteLanes {
    @inlinable package static var top: SIMD16<UInt8> { @inline(__always) get { SIMD16(repeating: 0x80) } }

    /// The first lane with bit 7 set; the other bits must be clear.
    @inlinable @inline(__always)
    package static func first(_ found: SIMD16<UInt8>) -> Int? {
        let words = unsafe unsafeBitCast(found, to: SIMD2<UInt64>.self)
        if words[0] != 0 { return words[0].trailingZeroBitCount &>> 3 }
        if words[1] != 0 { return 8 &+ words[1].trailingZeroBitCount &>> 3 }
        return nil
    }

    /// Marks the lanes that hold `byte`.
    @inlinable @inline(__always)
    package static func holding(_ byte: UInt8, _ lanes: SIMD16<UInt8>) -> SIMD16<UInt8> {
        let difference = lanes ^ SIMD16(repeating: byte)
        let low = SIMD16<UInt8>(repeating: 0x7F)
        return ~(((difference & low) &+ low) | difference) & top
    }
}
