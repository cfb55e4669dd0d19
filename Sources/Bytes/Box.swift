/// A value at an address of its own, which one thread uses, and one call at a time.
///
/// What a class stores is watched at run time wherever the compiler cannot see every access: some 80 instructions for each,
/// against two changes at once (SE-0176). A hundred of them were a fifth of what a request cost. What stands in a box is
/// watched in debug builds, hence in every test and under both sanitizers, where a second change meanwhile stops the
/// process; a release build trusts what they have shown. So a box is for the few values that every request changes, whose
/// owner says beside them why nobody comes back while he is at it.
@safe
@usableFromInline
package final class Box<Value: ~Copyable> {
    #if DEBUG
        @usableFromInline package var value: Value

        package init(_ value: consuming Value) { self.value = value }
    #else
        @usableFromInline let memory: UnsafeMutablePointer<Value>

        @inlinable
        package init(_ value: consuming Value) {
            unsafe memory = .allocate(capacity: 1)
            unsafe memory.initialize(to: value)
        }

        deinit {
            unsafe memory.deinitialize(count: 1)
            unsafe memory.deallocate()
        }

        @inlinable package var value: Value {
            unsafeAddress { unsafe UnsafePointer(memory) }
            unsafeMutableAddress { unsafe memory }
        }
    #endif
}
