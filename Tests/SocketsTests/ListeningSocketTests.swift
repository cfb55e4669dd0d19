import Bytes
import Foundation
import Glibc
import Sockets
import Testing

private func loopback(_ port: UInt16) -> ListenAddress { .tcp(host: "127.0.0.1", port: port) }

@Suite struct ListeningSocketTests {
    @Test("a free port is chosen once for all workers") func workers() throws {
        let listeners = try ListeningSocket.open(loopback(0), count: 3)
        #expect(Set(listeners.map(\.address)).count == 1)
        let port = try #require(listeners[0].address.port)
        #expect(port != 0)
        // Connections spread over the queues; all of them together hold every client.
        let clients = try (0..<12).map { _ in try Client(listeners[0].address) }
        var accepted = 0
        for listener in listeners {
            while case .connection(_, let peer) = listener.accept() {
                #expect(peer.ip?.isLoopback == true)
                accepted += 1
            }
        }
        #expect(accepted == clients.count)
    }

    @Test("a busy port is an error even where SO_REUSEPORT would share it") func busy() throws {
        let first = try ListeningSocket.open(loopback(0), count: 2)
        let port = try #require(first[0].address.port)
        let error = #expect(throws: ListenError.self) { try ListeningSocket.open(loopback(port), count: 2) }
        #expect(error?.isBusy == true)
        #expect(error?.description.contains("127.0.0.1:\(port)") == true)
        #expect(throws: ListenError.self) { try ListeningSocket.open(loopback(port)) }
    }

    @Test("a unix socket: a stale file is replaced, a living one is busy, the file goes with the last listener")
    func unix() throws {
        let path = "/tmp/postern-test-\(UUID().uuidString).sock"
        do {
            let listeners = try ListeningSocket.open(.unix(path: path), count: 2, permissions: 0o600)
            #expect(listeners.allSatisfy { $0.isShared })
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            let client = try Client(.unix(path: path))
            guard case .connection(_, let peer) = listeners[1].accept() else {
                Issue.record("nobody came")
                return
            }
            #expect(peer.ip == nil)
            #expect(throws: ListenError.self) { try ListeningSocket.open(.unix(path: path)) }
            withExtendedLifetime(client) {}
        }
        #expect(!FileManager.default.fileExists(atPath: path))
        // A crash leaves the file behind.
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(bound == 0)
        close(descriptor)
        #expect(FileManager.default.fileExists(atPath: path))
        _ = try ListeningSocket.open(.unix(path: path))
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("a file that is no socket is never removed") func otherFile() throws {
        let path = "/tmp/postern-test-\(UUID().uuidString)"
        try Data("precious".utf8).write(to: URL(fileURLWithPath: path))
        defer { unlink(path) }
        #expect(throws: ListenError.self) { try ListeningSocket.open(.unix(path: path)) }
        #expect(FileManager.default.fileExists(atPath: path))
    }
}

/// A socket that keeps a connection open.
private final class Client {
    let socket: Socket
    init(_ address: SocketAddress) throws { socket = try Socket.connecting(to: address) }
}

@Suite struct SocketTests {
    @Test("a refused connection is an error of the connection") func refused() throws {
        let listener = try ListeningSocket.open(loopback(0))[0]
        let address = listener.address
        listener.close()
        let loop = try EventLoop()
        final class Wait: EventTarget {
            var told = false
            func ready(_ readiness: Readiness) { told = true }
        }
        let wait = Wait()
        do {
            let socket = try Socket.connecting(to: address)
            _ = try loop.watch(socket.descriptor, .connection, for: wait)
            while !wait.told { loop.turn(waiting: .seconds(5)) }
            #expect(socket.connectionError() == SystemError(ECONNREFUSED))
        } catch {
            #expect(error == SystemError(ECONNREFUSED))
        }
    }

    @Test("a short read says that the socket is drained, a full one does not") func reading() throws {
        let listener = try ListeningSocket.open(loopback(0))[0]
        let client = try Socket.connecting(to: listener.address)
        guard case .connection(let server, _) = listener.accept() else {
            Issue.record("nobody came")
            return
        }
        #expect(try client.send([UInt8](repeating: 7, count: 100).span) == 100)
        var buffer = ByteBuffer()
        #expect(try server.receive(into: &buffer, space: 60) == .bytes(full: true))
        #expect(try server.receive(into: &buffer, space: 60) == .bytes(full: false))
        #expect(buffer.count == 100)
        #expect(try server.receive(into: &buffer, space: 60) == .nothing)
        client.shutDownSending()
        #expect(try server.receive(into: &buffer, space: 60) == .end)
        #expect(server.localAddress() == listener.address)
    }

    @Test("a peer that is gone is an error, never a signal") func gone() throws {
        let listener = try ListeningSocket.open(loopback(0))[0]
        let client = try Socket.connecting(to: listener.address)
        guard case .connection(let server, _) = listener.accept() else {
            Issue.record("nobody came")
            return
        }
        server.resetWhenClosed()
        _ = consume server
        #expect(throws: SystemError.self) {
            for _ in 0..<3 { _ = try client.send([UInt8](repeating: 0, count: 10).span) }
        }
    }
}
