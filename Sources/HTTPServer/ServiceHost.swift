package import Sockets
private import Threads
private import Time

/// Runs an ``HTTPService`` on listeners and a thread of its own.
package final class ServiceHost: Sendable {
    /// Where it listens, with the ports that the system chose.
    package let addresses: [SocketAddress]
    private let mailbox: Mailbox<ServiceMessage>
    private let ended = Semaphore()
    /// Until it stops.
    private let sockets: Locked<[ListeningSocket]>

    /// Opens the listeners and starts the thread.
    ///
    /// - Parameters:
    ///   - largestBody: longer request bodies are answered with 413.
    ///   - permissions: of unix sockets.
    ///   - name: of the thread.
    /// - Throws: ``ListenError``, ``SystemError`` or `ThreadError`.
    package convenience init(
        listeners: [ListenAddress], service: any HTTPService, settings: ServerSettings = ServerSettings(),
        largestBody: Int = 1 << 20, permissions: UInt32 = 0o600, name: String
    ) throws {
        var sockets: [ListeningSocket] = []
        for address in listeners {
            sockets += try ListeningSocket.open(address, permissions: permissions)
        }
        try self.init(sockets: sockets, service: service, settings: settings, largestBody: largestBody, name: name)
    }

    /// Serves on listeners that are open.
    ///
    /// - Throws: ``SystemError`` or `ThreadError`.
    package init(
        sockets: [ListeningSocket], service: any HTTPService, settings: ServerSettings = ServerSettings(),
        largestBody: Int = 1 << 20, name: String
    ) throws {
        addresses = sockets.map(\.address)
        self.sockets = Locked(sockets)
        let mailbox = try Mailbox<ServiceMessage>()
        self.mailbox = mailbox
        let started = Semaphore()
        let outcome = Locked<SystemError?>(nil)
        let thread = try Thread.start(name: name) { [sockets, ended] in
            do throws(SystemError) {
                let desk = try ServiceDesk(service, mailbox, settings, largestBody)
                var rules = PortRules()
                rules.use = .administration
                for socket in sockets { try desk.worker.listen(on: socket, rules) }
                started.signal()
                desk.loop.run()
                mailbox.close()
            } catch {
                outcome.withLock { $0 = error }
                started.signal()
            }
            ended.signal()
        }
        thread.detach()
        started.wait()
        if let error = outcome.withLock({ $0 }) { throw error }
    }

    deinit { mailbox.post(.stop(drain: .zero, handingOver: false)) }

    /// The port of the first listener; 0 for a unix socket.
    package var port: UInt16 { addresses.first?.port ?? 0 }

    /// Stops accepting, lets running exchanges end within `drain`, and waits for the thread.
    package func stop(drain: Duration = .zero) {
        leave(drain: drain, handingOver: false)
        ended.wait()
        // Whoever else waits may go too.
        ended.signal()
    }

    /// Leaves the listeners to another process that has them as well; running exchanges may take until `drain`.
    ///
    /// Returns at once; ``stop(drain:)`` ends what is left.
    package func handOver(drain: Duration) { leave(drain: drain, handingOver: true) }

    private func leave(drain: Duration, handingOver: Bool) {
        sockets.withLock { $0 = [] }
        mailbox.post(.stop(drain: drain, handingOver: handingOver))
    }
}
