private import Glibc

extension Span where Element == UInt8 {
    /// The first index of `byte` at or after `from`.
    @inlinable package func firstIndex(of byte: UInt8, from: Int = 0) -> Int? {
        unsafe withUnsafeBufferPointer { unsafe findByte($0, byte, from) }
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
    guard from >= 0, from < bytes.count, let base = bytes.baseAddress,
        let found = unsafe memchr(base + from, Int32(byte), bytes.count - from)
    else { return nil }
    return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
}
