private import CLinux
private import Glibc

/// What a process that holds tokens does for itself before it does anything else.
package enum ProcessHardening {
    /// No core files and no look into our memory by other processes of the same user; new files are ours alone.
    package static func closeDoors() throws(SystemError) {
        try SystemCall.require { postern_forbid_dumps() }
        _ = umask(0o077)
    }

    /// Raises the soft limit of descriptors to the hard one; how many this process may have open.
    package static func raiseDescriptorLimit() throws(SystemError) -> Int {
        var limit = rlimit()
        try SystemCall.require { unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) }
        if limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            try SystemCall.require { unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) }
        }
        return Int(clamping: limit.rlim_cur)
    }
}
