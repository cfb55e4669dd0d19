import Glibc
import Synchronization
import Threads

/// A server that does exactly what its script says, one thread a connection.
package final class ScriptedServer: Sendable {
    package let port: UInt16
    private let listener: Int32
    private let accepted = Atomic<Int>(0)
    private let stopped = Atomic<Bool>(false)
    private let failures = Locked<[any Error]>([])

    /// Listens on 127.0.0.1, or another address of this machine and a port that is named, and runs `script` for every connection, with its number from 0 on.
    ///
    /// Its calls give up after `timeout`. The connection closes when the script returns. What a script throws is kept in ``scriptErrors``.
    package init(
        smallBuffers: Bool = false, timeout: Duration = Rounds.patience, address: UInt32 = 0x7F00_0001,
        port wanted: UInt16 = 0,
        _ script: @escaping @Sendable (ScriptedPeer, Int) throws -> Void
    ) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        if smallBuffers {
            var size: Int32 = 65_536
            setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
            setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = wanted.bigEndian
        name.sin_addr.s_addr = address.bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let result = withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) | listen(listener, 4096) | getsockname(listener, $0, &length)
            }
        }
        if result != 0 { throw ScriptError.system(errno) }
        port = UInt16(bigEndian: name.sin_port)
        let thread = try Thread.start(name: "scripted server") { [self] in
            while true {
                let descriptor = accept(listener, nil, nil)
                if descriptor < 0 {
                    if errno == EINTR { continue }
                    break
                }
                let number = accepted.add(1, ordering: .sequentiallyConsistent).oldValue
                let peer = ScriptedPeer(descriptor: descriptor, timeout: timeout)
                let running = try? Thread.start(name: "script \(number)") { [self] in
                    do {
                        try script(peer, number)
                    } catch {
                        failures.withLock { $0.append(error) }
                    }
                    peer.close()
                }
                running?.detach()
            }
            Glibc.close(listener)
        }
        thread.detach()
    }

    /// Connections so far.
    package var connections: Int { accepted.load(ordering: .sequentiallyConsistent) }

    /// What scripts threw, in order.
    package var scriptErrors: [any Error] { failures.withLock { $0 } }

    /// Takes no more connections; scripts that run go on.
    package func stop() {
        if !stopped.exchange(true, ordering: .sequentiallyConsistent) { shutdown(listener, Int32(SHUT_RDWR)) }
    }
}
