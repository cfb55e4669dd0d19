/// A value at an address of its own, which one thread uses, and one call at a time.
///
/// What a class stores is watched at run time wherever the compiler cannot see every access: some 80 instructions for each,
/// against two changes at once (SE-0176). A hundred of them were a fifth of what a request cost. What stands in a box is
/// watched in debug builds, hence in every test and under both sanitizers, where a second change meanwhile stops the
/// process; a release build trusts what they have shown. So a box is for the few values that every request changes, whose
/// owner says beside them why nobody comes back while he is at it.
///
/// Copies share the value, which stands in one piece of memory with what counts them.
@safe
@usableFromInline
package struct Box<Value: ~Copyable> {
    #if DEBUG
        private final class Place {
            var value: Value

            init(_ value: consuming Value) { self.value = value }
        }

        private let place: Place

        package init(_ value: consuming Value) { place = Place(value) }

        @usableFromInline package var value: Value {
            _read { yield place.value }
            nonmutating _modify { yield &place.value }
        }
    #else
        @usableFromInline let place: ManagedBuffer<Void, Value>

        @inlinable
        package init(_ value: consuming Value) {
            place = BoxPlace<Value>.create(minimumCapacity: 1) { _ in }
            unsafe place.withUnsafeMutablePointerToElements { unsafe $0 }.initialize(to: value)
        }

        @inlinable package var value: Value {
            unsafeAddress { unsafe UnsafePointer(place.withUnsafeMutablePointerToElements { unsafe $0 }) }
            nonmutating unsafeMutableAddress { unsafe place.withUnsafeMutablePointerToElements { unsafe $0 } }
        }
    #endif
}

#if !DEBUG
    @usableFromInline
    final class BoxPlace<Value: ~Copyable>: ManagedBuffer<Void, Value> {
        deinit { unsafe withUnsafeMutablePointerToElements { unsafe _ = $0.deinitialize(count: 1) } }
    }
#endif
