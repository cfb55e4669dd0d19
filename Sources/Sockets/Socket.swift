package import Bytes
private import CLinux
private import Glibc

/// What a read brought.
package enum Received: Sendable, Equatable {
    /// `full`: as much as there was room for, so there may be more; else the socket is drained (`epoll(7)`).
    case bytes(full: Bool)
    /// Nothing now.
    case nothing
    /// The peer sends nothing more.
    case end
    /// What the peer sent does not open: the connection is of no use any more, and an alert waits to leave.
    case failed
}

/// A connected, or connecting, non-blocking stream socket; closed when it goes.
package struct Socket: ~Copyable {
    /// -1 after ``close()``.
    package private(set) var descriptor: Int32
    /// Counted by the ``DescriptorReserve``.
    private var isOutbound = false

    /// Takes over a descriptor.
    package init(owning descriptor: Int32) { self.descriptor = descriptor }

    deinit {
        if descriptor >= 0 { release() }
    }

    /// Closes now and not when the owner goes.
    package mutating func close() {
        if descriptor >= 0 { release() }
        descriptor = -1
    }

    private borrowing func release() {
        _ = Glibc.close(descriptor)
        if isOutbound { DescriptorReserve.returned(.outbound) }
    }

    /// Begins to connect.
    ///
    /// The socket becomes writable when it is decided; ``connectionError()`` then tells how.
    package static func connecting(to address: SocketAddress) throws(SystemError) -> Socket {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let made = try SystemCall.require { socket(address.family, kind, 0) }
        var fresh = Socket(owning: made)
        guard DescriptorReserve.admit(made, for: .outbound) else { throw SystemError(EMFILE) }
        fresh.isOutbound = true
        if case .ip = address { try set(made, Int32(IPPROTO_TCP), TCP_NODELAY, 1) }
        let code = unsafe address.withSystemForm { name, length in unsafe connect(made, name, length) == 0 ? 0 : errno }
        // EINTR goes on in the background like EINPROGRESS; EAGAIN is a unix socket's full queue.
        guard code == 0 || code == EINPROGRESS || code == EINTR else { throw SystemError(code) }
        return fresh
    }

    /// How connecting ended; nil is well.
    package borrowing func connectionError() -> SystemError? {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        let result = unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
        if result < 0 { return SystemError(errno) }
        return code == 0 ? nil : SystemError(code)
    }

    /// Reads up to `space` bytes behind those in `buffer`.
    package borrowing func receive(into buffer: inout ByteBuffer, space: Int) throws(SystemError) -> Received {
        try receive(into: &buffer, space: space, flags: 0)
    }

    private borrowing func receive(
        into buffer: inout ByteBuffer, space: Int, flags: Int32
    ) throws(SystemError) -> Received {
        var outcome = Received.nothing
        let descriptor = descriptor
        _ = unsafe try buffer.write(space: space) { (room) throws(SystemError) -> Int in
            let wanted = min(space, room.count)
            guard let count = try SystemCall.attempt({ unsafe recv(descriptor, room.baseAddress, wanted, flags) })
            else {
                return 0
            }
            outcome = count == 0 ? .end : .bytes(full: count == wanted)
            return count
        }
        return outcome
    }

    /// Looks at up to `space` bytes that have arrived, and leaves them where they are; what `receive` would bring.
    package borrowing func peek(into buffer: inout ByteBuffer, space: Int) throws(SystemError) -> Received {
        try receive(into: &buffer, space: space, flags: Int32(MSG_PEEK))
    }

    /// Sends what the kernel takes; 0 when it takes nothing now.
    package borrowing func send(_ bytes: Span<UInt8>) throws(SystemError) -> Int {
        let descriptor = descriptor
        var result: Result<Int?, SystemError> = .success(nil)
        unsafe bytes.withUnsafeBufferPointer { buffer in
            result = Result { () throws(SystemError) in
                try SystemCall.attempt {
                    unsafe Glibc.send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
                }
            }
        }
        return try result.get() ?? 0
    }

    /// Sends `first` and then `second` as one; how much of both together the kernel took.
    package borrowing func send(_ first: Span<UInt8>, _ second: Span<UInt8>) throws(SystemError) -> Int {
        let descriptor = descriptor
        var result: Result<Int?, SystemError> = .success(nil)
        unsafe first.withUnsafeBufferPointer { one in
            unsafe second.withUnsafeBufferPointer { two in
                result = Result { () throws(SystemError) in
                    try SystemCall.attempt { unsafe Self.sendBoth(descriptor, one, two) }
                }
            }
        }
        return try result.get() ?? 0
    }

    private static func sendBoth(
        _ descriptor: Int32, _ one: UnsafeBufferPointer<UInt8>, _ two: UnsafeBufferPointer<UInt8>
    ) -> Int {
        // The kernel only reads what an iovec of sendmsg points to.
        var pieces = unsafe (
            iovec(iov_base: UnsafeMutableRawPointer(mutating: one.baseAddress), iov_len: one.count),
            iovec(iov_base: UnsafeMutableRawPointer(mutating: two.baseAddress), iov_len: two.count)
        )
        return unsafe withUnsafeMutableBytes(of: &pieces) { bytes in
            var message = unsafe msghdr()
            unsafe message.msg_iov = bytes.baseAddress?.assumingMemoryBound(to: iovec.self)
            unsafe message.msg_iovlen = 2
            return unsafe sendmsg(descriptor, &message, Int32(MSG_NOSIGNAL))
        }
    }

    /// Tells the peer that nothing more comes, and goes on reading.
    package borrowing func shutDownSending() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    /// Makes the closing of this socket a reset: the peer cannot take what it has for all there was.
    package borrowing func resetWhenClosed() {
        var value = linger(l_onoff: 1, l_linger: 0)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
    }

    /// Our own end; asks the kernel, so not for every request.
    package borrowing func localAddress() -> SocketAddress? { Self.localAddress(of: descriptor) }

    static func localAddress(of descriptor: Int32) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &length)
            }
        }
        return result == 0 ? SocketAddress(storage, length: Int(length)) : nil
    }

    static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) throws(SystemError) {
        var value = value
        try SystemCall.require {
            unsafe setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
        }
    }
}
