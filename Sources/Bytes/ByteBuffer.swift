private import Glibc

/// Owned, growable bytes with a readable region: written at the end, consumed at the front.
///
/// The one place where the data plane owns memory. An empty buffer that was never written, or was ``release()``d, holds
/// none.
@safe @usableFromInline
package struct ByteBuffer: ~Copyable {
    @usableFromInline var memory: UnsafeMutablePointer<UInt8>?
    @usableFromInline var capacityBytes: Int
    @usableFromInline var start: Int
    @usableFromInline var end: Int

    /// An empty buffer; memory is taken at the first write unless `capacity` asks for it now.
    @inlinable package init(capacity: Int = 0) {
        unsafe memory = capacity == 0 ? nil : .allocate(capacity: capacity)
        capacityBytes = capacity
        start = 0
        end = 0
    }

    @inlinable deinit { unsafe memory?.deallocate() }

    /// Readable bytes.
    @inlinable package var count: Int { end &- start }
    @inlinable package var isEmpty: Bool { end == start }
    /// Bytes of memory held.
    @inlinable package var capacity: Int { capacityBytes }

    /// The readable bytes, borrowed.
    @inlinable package var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = unsafe Span(
                _unsafeElements: UnsafeBufferPointer(
                    start: memory.map { unsafe UnsafePointer($0) + start }, count: end &- start))
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Makes room for `more` further bytes.
    @inlinable package mutating func reserve(_ more: Int) {
        if capacityBytes &- end < more { grow(more) }
    }

    @usableFromInline mutating func grow(_ more: Int) {
        let live = end - start
        precondition(more >= 0 && live <= Int.max / 4 - more, "byte buffer overflow")
        // Move down rather than grow where at least half of the memory is free again.
        if start > 0, live + more <= capacityBytes, live <= capacityBytes / 2, let memory = unsafe memory {
            unsafe memmove(memory, memory + start, live)
        } else {
            let size = Swift.max(256, (live + more).nextPowerOfTwo)
            let fresh = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
            if let memory = unsafe memory {
                unsafe fresh.update(from: memory + start, count: live)
                unsafe memory.deallocate()
            }
            unsafe memory = fresh
            capacityBytes = size
        }
        start = 0
        end = live
    }

    @inlinable package mutating func append(_ byte: UInt8) {
        if capacityBytes == end { grow(1) }
        unsafe memory.unsafelyUnwrapped[end] = byte
        end &+= 1
    }

    @inlinable package mutating func append(_ more: Span<UInt8>) {
        let count = more.count
        if count == 0 { return }
        reserve(count)
        unsafe more.withUnsafeBufferPointer { source in
            unsafe (memory.unsafelyUnwrapped + end).initialize(from: source.baseAddress.unsafelyUnwrapped, count: count)
        }
        end &+= count
    }

    // Into the caller, where the count is known and copying a word is one instruction.
    @inlinable @inline(__always) package mutating func append(_ text: StaticString) {
        let count = text.utf8CodeUnitCount
        if count == 0 { return }
        reserve(count)
        unsafe (memory.unsafelyUnwrapped + end).initialize(from: text.utf8Start, count: count)
        end &+= count
    }

    /// Appends all three, and asks for room once.
    @inlinable @inline(__always)
    package mutating func append(_ before: StaticString, _ text: StaticString, _ behind: StaticString) {
        let (first, second, third) = (before.utf8CodeUnitCount, text.utf8CodeUnitCount, behind.utf8CodeUnitCount)
        reserve(first &+ second &+ third)
        let at = unsafe memory.unsafelyUnwrapped + end
        unsafe at.initialize(from: before.utf8Start, count: first)
        unsafe (at + first).initialize(from: text.utf8Start, count: second)
        unsafe (at + first + second).initialize(from: behind.utf8Start, count: third)
        end &+= first &+ second &+ third
    }

    /// Appends eight bytes, the lowest of `word` first.
    @inlinable package mutating func append(word: UInt64) {
        reserve(8)
        unsafe UnsafeMutableRawPointer(memory.unsafelyUnwrapped + end).storeBytes(
            of: word.littleEndian, as: UInt64.self)
        end &+= 8
    }

    /// Appends the UTF-8 of `text`.
    @inlinable package mutating func append(utf8 text: String) {
        append(text.utf8Span.span)
    }

    /// Appends `value` in decimal digits.
    @usableFromInline package mutating func append(decimal value: Int) {
        guard value >= 0, value < 100_000_000 else {
            appendLong(value)
            return
        }
        // Eight digits fit into a word, which the last of them enters first.
        var word: UInt64 = 0
        var length = 0
        var rest = UInt32(truncatingIfNeeded: value)
        repeat {
            let tenth = rest / 10
            word = word &<< 8 | UInt64(48 &+ rest &- tenth &* 10)
            rest = tenth
            length &+= 1
        } while rest > 0
        append(word: word)
        end &-= 8 &- length
    }

    /// As long as need be, and with a sign where there is one.
    private mutating func appendLong(_ value: Int) {
        reserve(20)
        if value < 0 { append(UInt8(ascii: "-")) }
        var rest = value.magnitude
        var length = 1
        var bound: UInt = 10
        // Twenty digits are the most; ten to the power of twenty is no number any more.
        while length < 20, rest >= bound {
            length &+= 1
            bound &*= 10
        }
        var at = end &+ length
        repeat {
            at &-= 1
            let tenth = rest / 10
            unsafe memory.unsafelyUnwrapped[at] = UInt8(truncatingIfNeeded: 48 &+ rest &- tenth &* 10)
            rest = tenth
        } while rest > 0
        end &+= length
    }

    /// Appends `value` in lower-case hexadecimal digits, without leading zeros (chunk sizes).
    package mutating func append(hexadecimal value: Int) {
        precondition(value >= 0, "a size is never negative")
        var digits = 1
        while digits < 16, value >> (4 * digits) != 0 { digits += 1 }
        reserve(digits)
        for position in stride(from: digits - 1, through: 0, by: -1) {
            let nibble = UInt8((value >> (4 * position)) & 15)
            append(nibble < 10 ? 48 &+ nibble : 87 &+ nibble)
        }
    }

    /// Overwrites readable bytes from `offset` on: masks a token, say.
    ///
    /// The range must lie inside the readable bytes.
    package mutating func overwrite(at offset: Int, with bytes: Span<UInt8>) {
        precondition(offset >= 0 && offset + bytes.count <= count, "outside the readable bytes")
        for index in bytes.indices {
            unsafe memory.unsafelyUnwrapped[start &+ offset &+ index] = bytes[index]
        }
    }

    /// Drops `count` bytes from the front.
    @inlinable package mutating func consume(_ count: Int) {
        precondition(count >= 0 && count <= end &- start, "more than is there")
        start &+= count
        if start == end {
            start = 0
            end = 0
        }
    }

    /// Drops the last `count` bytes.
    @inlinable package mutating func removeLast(_ count: Int) {
        precondition(count >= 0 && count <= end &- start, "more than is there")
        end &-= count
    }

    /// Empties the buffer and keeps its memory.
    @inlinable package mutating func clear() {
        start = 0
        end = 0
    }

    /// Empties the buffer and gives its memory back.
    package mutating func release() {
        unsafe memory?.deallocate()
        unsafe memory = nil
        capacityBytes = 0
        start = 0
        end = 0
    }

    /// Lets a system call write up to `space` bytes behind the readable ones; the body returns how many it wrote.
    @inlinable package mutating func write<Failure: Error>(
        space: Int, _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) -> Int {
        // Memory even for nothing: the body always gets a place to point at.
        reserve(Swift.max(space, 1))
        let room = unsafe UnsafeMutableRawBufferPointer(
            start: memory.unsafelyUnwrapped + end, count: capacityBytes &- end)
        let written = unsafe try body(room)
        precondition(written >= 0 && written <= room.count, "wrote beyond the buffer")
        end &+= written
        return written
    }

    /// A copy of the readable bytes, for cold code.
    package var array: [UInt8] { [UInt8](bytes) }
}

extension Int {
    fileprivate var nextPowerOfTwo: Int {
        self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount)
    }
}

extension Array where Element == UInt8 {
    /// A copy of borrowed bytes.
    @inlinable package init(_ span: Span<UInt8>) {
        self = unsafe span.withUnsafeBufferPointer { unsafe [UInt8]($0) }
    }
}

extension String {
    /// The text of borrowed bytes, or nil when they are not UTF-8.
    @inlinable package init?(strictUTF8 span: Span<UInt8>) {
        guard let text = try? UTF8Span(validating: span) else { return nil }
        self.init(copying: text)
    }
}
