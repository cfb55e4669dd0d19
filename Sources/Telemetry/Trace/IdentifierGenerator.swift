/// Random numbers for names that only need to be unique: trace, span and request ids.
///
/// One per worker: seeded from the kernel, then a system call is never needed again (xoshiro256++). Predictable to whoever
/// sees enough of them, so **never** for anything secret.
package struct IdentifierGenerator: RandomNumberGenerator, Sendable {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    package init() {
        // On Linux this is getrandom(2).
        var kernel = SystemRandomNumberGenerator()
        state = (kernel.next(), kernel.next(), kernel.next(), kernel.next() | 1)
    }

    /// A repeatable sequence, for tests.
    package init(seed: UInt64) { state = (seed, 0x9E37_79B9_7F4A_7C15, 0xBF58_476D_1CE4_E5B9, 0x94D0_49BB_1331_11EB) }

    package mutating func next() -> UInt64 {
        let sum = state.0 &+ state.3
        let result = (sum << 23 | sum >> 41) &+ state.0
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = state.3 << 45 | state.3 >> 19
        return result
    }

    /// A number that is not zero: zero means "none" in trace context.
    mutating func nextNonZero() -> UInt64 {
        while true {
            let value = next()
            if value != 0 { return value }
        }
    }
}
