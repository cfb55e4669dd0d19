private import Bytes
private import Glibc
private import Synchronization
private import Threads
private import Time

/// Carries log lines to a descriptor on a thread of its own, so that a slow reader of stderr delays no request.
///
/// Two buffers take turns: lines are copied into one while the other is written. A full buffer drops lines rather than
/// wait; how many were lost is said in the next line that gets through.
package final class LogWriter: Sendable {
    private struct State {
        var pending: [UInt8] = []
        /// Lines refused since the last report.
        var dropped = 0
        /// Bytes ever taken in and ever disposed of; equal when nothing waits.
        var accepted = 0
        var written = 0
        var isStopped = false
        var hasEnded = false
        var isAsleep = true
        /// Somebody must not wait for others' lines.
        var isUrgent = false
    }

    private let state = Locked(State())
    private let ready = Semaphore()
    private let limit: Int
    private let format: LogFormat
    private let sink: @Sendable ([UInt8]) -> Bool

    /// How long lines gather before they are written, unless one of them is urgent: one wake-up for many lines, since waking
    /// costs more than writing.
    private static let gathering = Duration.milliseconds(20)

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - descriptor: where lines go; stays the caller's.
    ///   - limit: bytes that may wait, at most twice this in all.
    package convenience init(descriptor: Int32 = 2, format: LogFormat, limit: Int = 1 << 20) throws(LogWriterError) {
        try self.init(format: format, limit: limit) { writeAll($0, to: descriptor) }
    }

    /// Starts the thread with a function in the descriptor's place; it returns false when the bytes were lost.
    package init(
        format: LogFormat, limit: Int = 1 << 20, sink: @escaping @Sendable ([UInt8]) -> Bool
    ) throws(LogWriterError) {
        self.format = format
        self.limit = limit
        self.sink = sink
        // Whole at once, since growing would be one request's burden; the kernel gives pages when they are written to.
        state.withLock { $0.pending.reserveCapacity(limit) }
        do throws(ThreadError) {
            try Thread.start(name: "log") { [self] in run() }.detach()
        } catch {
            throw LogWriterError.noThread(errno: error.errno)
        }
    }

    /// Takes the finished lines.
    ///
    /// Returns false when they were dropped.
    @discardableResult package func submit(_ line: borrowing LogLine, isUrgent: Bool = false) -> Bool {
        submit(line.bytes, isUrgent: isUrgent)
    }

    /// Takes the bytes of one or more finished lines; they are copied.
    ///
    /// Returns false when they were dropped.
    @discardableResult package func submit(_ bytes: Span<UInt8>, isUrgent: Bool = false) -> Bool {
        let (taken, mustWake) = state.withLock { state in
            if state.isStopped || state.pending.count + bytes.count > limit {
                for index in bytes.indices where bytes[index] == UInt8(ascii: "\n") { state.dropped += 1 }
                return (false, false)
            }
            unsafe bytes.withUnsafeBufferPointer { unsafe state.pending.append(contentsOf: $0) }
            state.accepted += bytes.count
            let wake = state.isAsleep || isUrgent && !state.isUrgent
            state.isAsleep = false
            if isUrgent { state.isUrgent = true }
            return (true, wake)
        }
        if mustWake { ready.signal() }
        return taken
    }

    /// Lines lost and not yet reported.
    package var dropped: Int { state.withLock { $0.dropped } }

    /// Waits until all that was submitted so far has left, at most `limit`: a stuck reader must not keep a process from
    /// ending.
    ///
    /// Returns whether all is out.
    @discardableResult package func flush(within limit: Duration = .seconds(2)) -> Bool {
        let goal = state.withLock { $0.accepted }
        return wait(within: limit) { $0.written >= goal }
    }

    /// Writes what waits and ends the thread.
    ///
    /// Later lines are dropped. The descriptor may be closed when this returns true: nobody writes to it any more.
    @discardableResult package func close(within limit: Duration = .seconds(2)) -> Bool {
        state.withLock {
            $0.isStopped = true
            $0.isUrgent = true
        }
        ready.signal()
        return wait(within: limit) { $0.hasEnded }
    }

    /// Looks again and again, since it is for the end of a process and for tests only.
    private func wait(within limit: Duration, until isReached: @Sendable (State) -> Bool) -> Bool {
        let deadline = Instant.read() + limit
        while !state.withLock({ isReached($0) }) {
            if Instant.read() >= deadline { return false }
            pause(.milliseconds(1))
        }
        return true
    }

    private func run() {
        var outgoing: [UInt8] = []
        outgoing.reserveCapacity(limit)
        var report = LogLine(format: format)
        while true {
            ready.wait()
            if !state.withLock({ $0.isUrgent }) { ready.wait(atMost: Self.gathering) }
            let (isStopped, dropped) = state.withLock { state in
                swap(&outgoing, &state.pending)
                state.isAsleep = true
                state.isUrgent = false
                let dropped = state.dropped
                state.dropped = 0
                return (state.isStopped, dropped)
            }
            let accepted = outgoing.count
            if dropped > 0 {
                report.clear()
                report.begin(.warning, "log_lines_dropped", at: .read())
                report.field("count", dropped)
                report.end()
                unsafe report.bytes.withUnsafeBufferPointer { unsafe outgoing.append(contentsOf: $0) }
            }
            if !outgoing.isEmpty && !sink(outgoing) {
                // Nobody could read the report either; say it again when somebody can.
                let lost = outgoing.count { $0 == 0x0A } + max(0, dropped - 1)
                state.withLock { $0.dropped += lost }
            }
            outgoing.removeAll(keepingCapacity: true)
            state.withLock { $0.written += accepted }
            if isStopped {
                state.withLock { $0.hasEnded = true }
                return
            }
        }
    }
}

/// Why there is no log.
package enum LogWriterError: Error, Sendable, Equatable {
    case noThread(errno: Int32)
}

/// Writes all of `bytes`, waiting where the descriptor does not block; false when the other end is gone.
private func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var sent = 0
    while sent < bytes.count {
        let count = unsafe bytes.withUnsafeBytes { buffer in
            unsafe write(descriptor, buffer.baseAddress.map { unsafe $0 + sent }, buffer.count - sent)
        }
        if count >= 0 {
            sent += count
        } else if errno == EAGAIN {
            var watched = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            _ = unsafe poll(&watched, 1, 1000)
        } else if errno != EINTR {
            return false
        }
    }
    return true
}

private func pause(_ duration: Duration) {
    var time = timespec(tv_sec: 0, tv_nsec: Int(duration.nanoseconds))
    unsafe nanosleep(&time, nil)
}
