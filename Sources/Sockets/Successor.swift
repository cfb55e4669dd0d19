private import CLinux
private import Glibc
private import Time

/// A listener for the next process.
package struct Bequest: Sendable, Equatable {
    let descriptor: Int32
    let origin: InheritedListener.Origin
}

/// The process that is to take over from this one.
///
/// It is started with our listeners as its first descriptors, the queues of which it so shares with us: whoever connects in
/// between is served by either. A pipe behind them tells when it is ready, or has given up.
package struct Successor: Sendable {
    static let variable = "POSTERN_HANDOVER"
    static let ready = UInt8(ascii: "R")

    /// What became of it.
    package enum Outcome: Sendable, Equatable {
        case ready
        /// For people: why it serves nobody.
        case failed(String)
    }

    package let pid: Int32
    /// Where it is heard.
    private let ear: Int32

    /// The path by which this program was run; what stands there now is the next one.
    package static var program: String? {
        guard let path = unsafe postern_program() else { return nil }
        let text = unsafe String(cString: path)
        // A program that has run itself again (sanitizers do) knows only from its first word where it was found.
        if text.hasPrefix("/proc/"), let word = CommandLine.arguments.first, word.contains("/") { return word }
        return text
    }

    /// False for a container's first process: all others end with it.
    package static var mayFollow: Bool { getpid() != 1 }

    /// Starts `program` with these listeners.
    package static func start(
        _ program: String, arguments: [String], environment: [String: String], bequests: [Bequest]
    ) throws(SystemError) -> Successor {
        var ends: [Int32] = [-1, -1]
        try SystemCall.require { unsafe pipe(&ends) }
        let (ear, mouth) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // Copies behind all places that the next process finds them at.
        let places = HandOverWords.first + Int32(bequests.count) + 1
        var copies: [Int32] = []
        defer {
            for copy in copies { close(copy) }
            close(mouth)
        }
        do throws(SystemError) {
            for descriptor in bequests.map(\.descriptor) + [mouth] {
                copies.append(try SystemCall.require { fcntl(descriptor, F_DUPFD_CLOEXEC, places) })
            }
            var environment = environment.filter { !$0.key.hasPrefix("LISTEN_") }
            let words = HandOverWords(pipe: HandOverWords.number(of: mouth) ?? 0, origins: bequests.map(\.origin))
            environment[variable] = words.text
            let pid = try spawn(program, arguments, environment.map { "\($0.key)=\($0.value)" }, copies)
            return Successor(pid: pid, ear: ear)
        } catch {
            close(ear)
            throw error
        }
    }

    private static func spawn(
        _ program: String, _ arguments: [String], _ environment: [String], _ descriptors: [Int32]
    ) throws(SystemError) -> Int32 {
        var words = unsafe arguments.map { unsafe strdup($0) } + [nil]
        var pairs = unsafe environment.map { unsafe strdup($0) } + [nil]
        defer {
            for index in unsafe words.indices { unsafe free(words[index]) }
            for index in unsafe pairs.indices { unsafe free(pairs[index]) }
        }
        var child: Int32 = 0
        let code = unsafe postern_spawn(program, &words, &pairs, descriptors, Int32(descriptors.count), &child)
        guard code == 0 else { throw SystemError(code) }
        return child
    }

    /// Blocks until it is ready, has ended, or `patience` is over, which ends it.
    ///
    /// Call once.
    package func wait(atMost patience: Duration) -> Outcome {
        defer { close(ear) }
        let end = Self.now() + patience.nanoseconds / 1_000_000
        while true {
            var question = pollfd(fd: ear, events: Int16(POLLIN), revents: 0)
            let left = end - Self.now()
            if left <= 0 {
                kill(pid, SIGKILL)
                _ = reap()
                return .failed("it was not ready after \(patience.components.seconds) s, and was ended")
            }
            guard unsafe poll(&question, 1, Int32(clamping: left)) > 0 else { continue }
            var word: UInt8 = 0
            let count = unsafe read(ear, &word, 1)
            if count == 1, word == Self.ready { return .ready }
            if count < 0, errno == EINTR { continue }
            return .failed(giveUp())
        }
    }

    /// Asks it to end, as an operator would.
    package func stop() { kill(pid, SIGTERM) }

    /// It has let go of the pipe without a word: most likely it has ended, and if not it does now.
    private func giveUp() -> String {
        // It has a moment to be gone by itself: its own exit code says more.
        for _ in 0..<100 {
            if let text = reap(waiting: false) { return text }
            usleep(10_000)
        }
        kill(pid, SIGKILL)
        return reap() ?? "it has ended"
    }

    /// Takes note of its end; nil while it runs.
    private func reap(waiting: Bool = true) -> String? {
        var status: Int32 = 0
        while true {
            let found = unsafe waitpid(pid, &status, waiting ? 0 : WNOHANG)
            if found < 0, errno == EINTR { continue }
            if found == 0 { return nil }
            if found < 0 { return "it has ended" }
            let number = status & 0x7F
            return number == 0 ? "it ended with code \(status >> 8 & 0xFF)" : "it was ended by signal \(number)"
        }
    }

    /// Milliseconds of the steady clock.
    private static func now() -> Int64 { TimeSource.system.instant().nanoseconds / 1_000_000 }
}
