private import Glibc

/// The last descriptors: no client's doing may take them.
///
/// Without any left, libdispatch, which runs Swift's tasks, ends the whole process when it looks after its threads, for it
/// reads a file to do so; and a session that must reach its database or its provider does not.
enum DescriptorReserve {
    static let count: Int32 = 16

    /// Whether `descriptor`, opened just now, is one of them: the kernel gives out the lowest that is free.
    static func holds(_ descriptor: Int32) -> Bool {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return false }
        return rlim_t(clamping: descriptor) &+ rlim_t(count) >= limit.rlim_cur
    }
}
