private import CLinux
private import Glibc
package import Threads

/// Why a name has no address.
package enum ResolverFailure: Error, Sendable, Hashable {
    /// The name does not exist, or has no address of ours.
    case unknownName
    /// The name servers did not answer; asking later may help.
    case temporary
}

/// The answer to one question; `ticket` is the asker's own.
package struct ResolverAnswer: Sendable {
    package let ticket: UInt64
    package let result: Result<[SocketAddress], ResolverFailure>
}

/// Turns names into addresses on threads of its own, since `getaddrinfo` blocks.
package final class Resolver: Sendable {
    private struct Question {
        let host: String
        let port: UInt16
        let ticket: UInt64
        let mailbox: Mailbox<ResolverAnswer>
    }

    private struct State {
        var questions: [Question] = []
        var stopped = false
    }

    private let state = Locked(State())
    private let ready = Semaphore()
    private let threads: Int

    /// Starts the threads: more than one, so that a dead name server for one name does not hold up all others.
    package init(threads: Int = 2) throws(ThreadError) {
        self.threads = threads
        for number in 0..<threads { try Thread.start(name: "resolver \(number)") { [self] in run() }.detach() }
    }

    /// Asks; the answer arrives in `mailbox`.
    package func resolve(_ host: String, port: UInt16, ticket: UInt64, into mailbox: Mailbox<ResolverAnswer>) {
        state.withLock {
            $0.questions.append(Question(host: host, port: port, ticket: ticket, mailbox: mailbox))
        }
        ready.signal()
    }

    /// Ends the threads; open questions stay without answer.
    package func stop() {
        state.withLock { $0.stopped = true }
        for _ in 0..<threads { ready.signal() }
    }

    private func run() {
        while true {
            ready.wait()
            let (question, stopped) = state.withLock { state -> (Question?, Bool) in
                (state.stopped || state.questions.isEmpty ? nil : state.questions.removeFirst(), state.stopped)
            }
            if stopped { return }
            guard let question else { continue }
            let result = Self.lookUp(question.host, port: question.port)
            question.mailbox.post(ResolverAnswer(ticket: question.ticket, result: result))
        }
    }

    /// The address that `host` spells; nil when it is a name and must be looked up.
    package static func literal(_ host: String, port: UInt16) -> SocketAddress? {
        IPAddress(host).map { .ip($0, port: port) }
    }

    /// Asks the system and waits.
    ///
    /// At least one address, in the system's order of preference.
    package static func lookUp(
        _ host: String, port: UInt16, passive: Bool = false
    ) -> Result<[SocketAddress], ResolverFailure> {
        if let literal = literal(host, port: port) { return .success([literal]) }
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = passive ? AI_PASSIVE : AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        let status = unsafe getaddrinfo(host, String(port), &hints, &list)
        defer { if let list = unsafe list { unsafe freeaddrinfo(list) } }
        guard status == 0 else { return .failure(status == EAI_AGAIN ? .temporary : .unknownName) }
        var found: [SocketAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let name = unsafe entry.pointee.ai_addr, let address = unsafe read(name, entry.pointee.ai_addrlen) {
                if !found.contains(address) { found.append(address) }
            }
            unsafe next = entry.pointee.ai_next
        }
        return found.isEmpty ? .failure(.unknownName) : .success(found)
    }

    private static func read(_ name: UnsafeMutablePointer<sockaddr>, _ length: socklen_t) -> SocketAddress? {
        let family = unsafe Int32(name.pointee.sa_family)
        guard family == AF_INET || family == AF_INET6 else { return nil }
        var storage = sockaddr_storage()
        unsafe withUnsafeMutableBytes(of: &storage) { target in
            unsafe target.copyMemory(from: UnsafeRawBufferPointer(start: name, count: min(Int(length), target.count)))
        }
        return SocketAddress(storage, length: Int(length))
    }
}
