import Glibc

/// What a scripted connection found instead of what its script expects.
package enum ScriptError: Error, Equatable {
    case timedOut
    /// The other side closed; what had come before.
    case closed(after: String)
    case reset
    case system(Int32)
}

/// One end of a TCP or unix connection, driven by plain blocking calls.
///
/// Every call gives up after ``timeout``.
package final class ScriptedPeer: @unchecked Sendable {
    // @unchecked: a descriptor and a buffer that one thread uses at a time, as scripts do.
    private var descriptor: Int32
    private var buffered: [UInt8] = []
    package let timeout: Duration

    package init(descriptor: Int32, timeout: Duration = Rounds.patience) {
        self.descriptor = descriptor
        self.timeout = timeout
        let (seconds, attoseconds) = timeout.components
        var limit = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close() }

    package func send(_ text: String) throws { try send(Array(text.utf8)) }

    package func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress.map { $0 + sent }, $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0 { throw Self.error(errno) }
            sent += count
        }
    }

    /// Sends as much as the other side takes without waiting longer than `patience`; how much that was.
    package func sendWhatFits(_ bytes: [UInt8], patience: Int32 = 200) -> Int {
        var sent = 0
        while sent < bytes.count {
            var watched = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard poll(&watched, 1, patience) > 0 else { break }
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress.map { $0 + sent }, $0.count - sent,
                    Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            if count <= 0 { break }
            sent += count
        }
        return sent
    }

    /// The next bytes, at least one; empty at the end.
    package func receive(most: Int = 1 << 16) throws -> [UInt8] {
        if !buffered.isEmpty {
            let taken = Array(buffered.prefix(most))
            buffered.removeFirst(taken.count)
            return taken
        }
        return try receiveFromSocket(most)
    }

    /// The next bytes into `room`, as many as have come; 0 at the end.
    package func receive(into room: UnsafeMutableRawBufferPointer) throws -> Int {
        if !buffered.isEmpty {
            let count = min(room.count, buffered.count)
            room.copyBytes(from: buffered.prefix(count))
            buffered.removeFirst(count)
            return count
        }
        while true {
            let count = recv(descriptor, room.baseAddress, room.count, 0)
            if count >= 0 { return count }
            if errno != EINTR { throw Self.error(errno) }
        }
    }

    /// Sends some of `bytes`, at least one; nil when the other side takes none for `patience` milliseconds.
    package func sendSome(_ bytes: UnsafeRawBufferPointer, patience: Int32) throws -> Int? {
        var watched = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&watched, 1, patience) > 0 else { return nil }
        let count = Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        if count < 0 {
            if errno == EAGAIN { return nil }
            throw Self.error(errno)
        }
        return count
    }

    private func receiveFromSocket(_ most: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: most)
        while true {
            let count = bytes.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count >= 0 { return Array(bytes.prefix(count)) }
            if errno != EINTR { throw Self.error(errno) }
        }
    }

    /// Exactly `count` bytes.
    package func receive(exactly count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let more = try receive(most: count - bytes.count)
            if more.isEmpty { throw ScriptError.closed(after: String(decoding: bytes, as: UTF8.self)) }
            bytes += more
        }
        return bytes
    }

    /// Everything up to and including `mark`.
    @discardableResult
    package func receive(until mark: String) throws -> String {
        let mark = Array(mark.utf8)
        var bytes: [UInt8] = []
        while true {
            if let end = Self.end(of: mark, in: buffered) {
                bytes = Array(buffered.prefix(end))
                buffered.removeFirst(end)
                return String(decoding: bytes, as: UTF8.self)
            }
            let more = try receiveFromSocket(1 << 16)
            if more.isEmpty { throw ScriptError.closed(after: String(decoding: buffered, as: UTF8.self)) }
            buffered += more
        }
    }

    /// By `memchr` and `memcmp`: a search written in Swift is slow in a debug build.
    private static func end(of mark: [UInt8], in bytes: [UInt8]) -> Int? {
        bytes.withUnsafeBytes { haystack in
            guard let start = haystack.baseAddress else { return nil }
            var at = 0
            while haystack.count - at >= mark.count {
                guard let found = memchr(start + at, Int32(mark[0]), haystack.count - at - mark.count + 1) else {
                    return nil
                }
                at = UnsafeRawPointer(found) - start
                if memcmp(found, mark, mark.count) == 0 { return at + mark.count }
                at += 1
            }
            return nil
        }
    }

    /// A message head, its empty line included.
    @discardableResult
    package func receiveHead() throws -> String { try receive(until: "\r\n\r\n") }

    /// Everything until the other side closes.
    package func receiveToEnd() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let more = try receive()
            if more.isEmpty { return bytes }
            bytes += more
        }
    }

    package func receiveTextToEnd() throws -> String { String(decoding: try receiveToEnd(), as: UTF8.self) }

    /// True when nothing arrives within `milliseconds`, and the connection stays open.
    package func staysSilent(milliseconds: Int32) -> Bool {
        if !buffered.isEmpty { return false }
        var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&watched, 1, milliseconds) == 0
    }

    /// Waits until the other side has closed, dropping what it still sends; false when it does not in time.
    package func waitUntilClosed() -> Bool {
        buffered = []
        while true {
            do {
                if try receiveFromSocket(1 << 16).isEmpty { return true }
            } catch ScriptError.reset {
                return true
            } catch {
                return false
            }
        }
    }

    /// Sends nothing more, and goes on reading.
    package func halfClose() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Makes the buffers of the kernel small, so that back-pressure is felt soon.
    ///
    /// Before any traffic.
    package func shrinkBuffers() {
        var size: Int32 = 65_536
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Closes with a reset.
    package func reset() {
        var value = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    package func close() {
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
        descriptor = -1
    }

    private static func error(_ code: Int32) -> ScriptError {
        switch code {
        case EAGAIN: .timedOut
        case ECONNRESET, EPIPE: .reset
        default: .system(code)
        }
    }
}
