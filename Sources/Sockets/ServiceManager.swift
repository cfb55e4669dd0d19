private import CLinux
private import Glibc

/// What is said to the service manager that started us, if it listens (`sd_notify(3)`).
package enum ServiceManager {
    /// Sends one message such as `READY=1` to the socket that `$NOTIFY_SOCKET` names; nobody has to hear it.
    ///
    /// - Parameter name: an absolute path, or `@` and a name that is in no file system; nil: nobody listens.
    package static func tell(_ message: String, at name: String?) {
        guard let name, name.hasPrefix("/") || name.hasPrefix("@"), name.utf8.count <= ListenAddress.longestPath else {
            return
        }
        let kind = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { path in
            for (index, byte) in name.utf8.enumerated() { unsafe path[index] = byte == 0x40 && index == 0 ? 0 : byte }
        }
        // Without a closing NUL: a name that is in no file system would have it as a part.
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.utf8.count)
        let bytes = Array(message.utf8)
        _ = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { target in
                unsafe sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), target, length)
            }
        }
    }
}
