private import Glibc
private import Synchronization

/// Who may have the last descriptors.
///
/// Without any left, libdispatch, which runs Swift's tasks, ends the whole process when it looks after its threads, for it
/// reads a file to do so; and a session that must reach its database or its provider does not. So no client's doing may take
/// the very last. The last eighth is for clients themselves, behind what is theirs anyhow: one of them may have a hundred
/// streams, each with a file or with a connection to an upstream, and must not keep others from being let in.
package enum DescriptorReserve {
    /// What a descriptor is for.
    package enum Use: Sendable {
        /// A client of ours that asks how we are, or orders us about.
        case administration
        case client
        /// A file that is sent, or a connection to an upstream.
        case outbound
    }

    private static let outbound = Atomic<Int>(0)

    /// Descriptors for files and upstreams in any case, however many clients there are: most of a full gateway's clients are
    /// idle, and requests share connections to upstreams, so that an eighth does, and a thousand.
    package static func outbound(of descriptors: Int) -> Int { min(descriptors / 8, 1024) }

    /// Admits a descriptor that was opened just now, or refuses it for the others' sake: the kernel gives out the lowest that is
    /// free, so that its number tells how many there are.
    ///
    /// One that is admitted has to be ``returned(_:)`` when it is closed; who is refused closes it.
    static func admit(_ descriptor: Int32, for use: Use) -> Bool {
        let count = use == .outbound ? outbound.add(1, ordering: .relaxed).newValue : 0
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return true }
        let (number, all) = (Int(descriptor), Int(clamping: limit.rlim_cur))
        switch use {
        case .administration: return number < all - 8
        case .client: return number < all - 16
        case .outbound:
            let isAdmitted = number < all - 16 && (number < all - all / 8 || count <= outbound(of: all))
            if !isAdmitted { returned(.outbound) }
            return isAdmitted
        }
    }

    /// A descriptor that was admitted has been closed; only those for files and upstreams are counted.
    static func returned(_ use: Use) {
        if use == .outbound { outbound.subtract(1, ordering: .relaxed) }
    }
}
