import Foundation

/// What a program holds of its machine, as /proc tells.
package struct ProcessUse: Sendable {
    /// Resident memory in bytes (VmRSS).
    package let resident: Int
    package let threads: Int
    /// Open descriptors; nil where only root may count them: the gateway lets nobody look into it.
    package let descriptors: Int?
    /// True for a program with a sanitizer inside, whose memory says nothing about the program's.
    package let isSanitized: Bool

    package init(of pid: pid_t) throws {
        let text = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        func number(_ name: String) throws -> Int {
            let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
            guard let value = line?.split(whereSeparator: \.isWhitespace).dropFirst().first, let value = Int(value)
            else {
                throw NeverHappened(description: "no \(name) in /proc/\(pid)/status: \(text)")
            }
            return value
        }
        resident = try number("VmRSS") << 10
        threads = try number("Threads")
        descriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count
        // Shadow memory is reserved by the terabyte; /proc counts in KiB.
        isSanitized = try number("VmSize") > 1 << 30
    }
}

/// Lets this process, and the ones it starts from now on, have as many descriptors as the system allows.
package func wantDescriptors(_ count: Int) throws {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
        throw NeverHappened(description: "no limit of descriptors")
    }
    if limit.rlim_cur < count {
        guard limit.rlim_max >= count else {
            throw NeverHappened(description: "\(count) descriptors are needed, \(limit.rlim_max) allowed (ulimit -Hn)")
        }
        limit.rlim_cur = rlim_t(count)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
