/// The entries of one message, in memory that is kept from message to message.
///
/// An `Array` would do, at three times the price: every append asks whether somebody else holds it.
@usableFromInline @safe
struct FieldTable: ~Copyable {
    @usableFromInline var memory: UnsafeMutablePointer<FieldEntry>?
    @usableFromInline var count = 0
    private var capacity = 0

    init() { unsafe memory = nil }

    // Inlinable, because the compiler (6.3.1) crashes on an inlinable setter around a deinit that is not.
    @inlinable deinit { unsafe memory?.deallocate() }

    @inlinable subscript(_ position: Int) -> FieldEntry {
        get {
            precondition(position >= 0 && position < count, "no such field line")
            return unsafe memory.unsafelyUnwrapped[position]
        }
        set {
            precondition(position >= 0 && position < count, "no such field line")
            unsafe memory.unsafelyUnwrapped[position] = newValue
        }
    }

    mutating func append(_ entry: FieldEntry) {
        if count == capacity { grow(to: Swift.max(16, capacity &* 2)) }
        unsafe memory.unsafelyUnwrapped[count] = entry
        count &+= 1
    }

    private mutating func grow(to size: Int) {
        let fresh = UnsafeMutablePointer<FieldEntry>.allocate(capacity: size)
        if let memory = unsafe memory {
            unsafe fresh.update(from: memory, count: count)
            unsafe memory.deallocate()
        }
        unsafe memory = fresh
        capacity = size
    }

    mutating func removeAll() { count = 0 }

    /// Forgets the entries at and behind `position`.
    mutating func truncate(to position: Int) {
        precondition(position >= 0 && position <= count, "no such field line")
        count = position
    }

    mutating func release() {
        unsafe memory?.deallocate()
        unsafe memory = nil
        count = 0
        capacity = 0
    }

    /// The entries, borrowed.
    var entries: Span<FieldEntry> {
        @_lifetime(borrow self)
        get {
            let span = unsafe Span(
                _unsafeElements: UnsafeBufferPointer(start: memory.map { unsafe UnsafePointer($0) }, count: count))
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }
}
