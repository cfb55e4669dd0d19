package import Bytes
internal import CLinux
internal import Glibc

/// Where a socket is bound or connected to.
package enum SocketAddress: Sendable, Hashable, CustomStringConvertible {
    /// `scope` is the interface of an IPv6 link-local address, else 0.
    case ip(IPAddress, port: UInt16, scope: UInt32)
    /// A path in the file system; empty for the unnamed end of a connection.
    case unix(path: String)

    /// A loopback or other IP address without a scope.
    package static func ip(_ address: IPAddress, port: UInt16) -> SocketAddress { .ip(address, port: port, scope: 0) }

    package var port: UInt16? {
        if case .ip(_, let port, _) = self { port } else { nil }
    }

    /// The same as a place to listen.
    package var asListenAddress: ListenAddress {
        switch self {
        case .ip(let address, let port, _): .tcp(host: "\(address)", port: port)
        case .unix(let path): .unix(path: path)
        }
    }

    package var description: String {
        switch self {
        case .ip(let address, let port, _): address.isV4 ? "\(address):\(port)" : "[\(address)]:\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// `AF_INET`, `AF_INET6` or `AF_UNIX`.
    var family: Int32 {
        switch self {
        case .ip(let address, _, _): address.isV4 ? AF_INET : AF_INET6
        case .unix: AF_UNIX
        }
    }

    /// Hands the kernel's form of the address to `body`.
    func withSystemForm<Value>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value {
        var storage = sockaddr_storage()
        let length = unsafe withUnsafeMutableBytes(of: &storage) { bytes -> Int in
            switch self {
            case .ip(let address, let port, let scope):
                if let four = address.v4 {
                    var form = sockaddr_in()
                    form.sin_family = sa_family_t(AF_INET)
                    form.sin_port = port.bigEndian
                    form.sin_addr.s_addr = four.bigEndian
                    unsafe bytes.storeBytes(of: form, as: sockaddr_in.self)
                    return MemoryLayout<sockaddr_in>.size
                }
                var form = sockaddr_in6()
                form.sin6_family = sa_family_t(AF_INET6)
                form.sin6_port = port.bigEndian
                form.sin6_scope_id = scope
                unsafe withUnsafeMutableBytes(of: &form.sin6_addr) { target in
                    unsafe target.storeBytes(of: address.high.bigEndian, toByteOffset: 0, as: UInt64.self)
                    unsafe target.storeBytes(of: address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
                }
                unsafe bytes.storeBytes(of: form, as: sockaddr_in6.self)
                return MemoryLayout<sockaddr_in6>.size
            case .unix(let path):
                unsafe bytes.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
                // `ListenAddress` has judged the length; a longer path is cut and then not found.
                var at = 2
                for byte in path.utf8.prefix(ListenAddress.longestPath) {
                    unsafe bytes[at] = byte
                    at += 1
                }
                return at + 1
            }
        }
        return unsafe withUnsafePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, socklen_t(length)) }
        }
    }

    /// Reads the kernel's form; an address family that is not ours reads as an unnamed unix address.
    init(_ storage: sockaddr_storage, length: Int) {
        self = unsafe withUnsafeBytes(of: storage) { bytes in
            switch Int32(storage.ss_family) {
            case AF_INET:
                let form = unsafe bytes.load(as: sockaddr_in.self)
                return .ip(
                    IPAddress(v4: UInt32(bigEndian: form.sin_addr.s_addr)), port: UInt16(bigEndian: form.sin_port))
            case AF_INET6:
                let form = unsafe bytes.load(as: sockaddr_in6.self)
                return .ip(
                    IPAddress(form.sin6_addr), port: UInt16(bigEndian: form.sin6_port), scope: form.sin6_scope_id)
            default:
                let end = min(max(length, 2), MemoryLayout<sockaddr_un>.size)
                let name = unsafe bytes[2..<end].prefix { $0 != 0 }
                return .unix(path: unsafe String(decoding: name, as: UTF8.self))
            }
        }
    }
}

/// Who is at the other end of a client connection.
package struct PeerAddress: Sendable, Hashable {
    /// Nil for a unix socket.
    package let ip: IPAddress?
    /// 0 for a unix socket.
    package let port: UInt16

    package init(ip: IPAddress?, port: UInt16) {
        self.ip = ip
        self.port = port
    }

    package init(_ address: SocketAddress) {
        switch address {
        case .ip(let address, let port, _): self.init(ip: address, port: port)
        case .unix: self.init(ip: nil, port: 0)
        }
    }

    /// Writes the address without its port: `203.0.113.7`, `2001:db8::1` or `unix`.
    package func write(into buffer: inout ByteBuffer) {
        if let ip { ip.write(into: &buffer) } else { buffer.append("unix") }
    }
}
