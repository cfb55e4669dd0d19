private import Glibc

/// A listening socket that this process was started with.
package struct InheritedListener: Sendable, Equatable {
    /// Whose it is.
    package enum Origin: Sendable, Equatable {
        /// A service manager's, or that of whoever it was handed over from.
        case manager
        /// Our own: opened by a process before this one, which hands over to us, for this address of its configuration.
        case predecessor(ListenAddress)
    }

    let descriptor: Int32
    /// Where it listens.
    package let address: SocketAddress
    package let origin: Origin

    /// Whether it is what the configuration asks for: that address, or, of a manager's, the same port of every address.
    package func serves(_ wanted: ListenAddress) -> Bool {
        if case .predecessor(wanted) = origin { return true }
        switch (wanted, address) {
        case (.unix(let path), .unix(let bound)): return path == bound
        case (.tcp(let host, let port), .ip(let bound, let boundPort, _)):
            guard port == boundPort else { return false }
            if bound.isUnspecified, origin == .manager { return true }
            return IPAddress(host).map { $0 == bound } ?? (host.lowercased() == "localhost" && bound.isLoopback)
        default: return false
        }
    }
}

/// What this process was started with: listeners, and perhaps somebody who waits for us.
package struct Inheritance: Sendable {
    /// Those that no listener of ours has claimed yet.
    package private(set) var listeners: [InheritedListener] = []
    /// The process that hands over to us.
    package private(set) var predecessor: Predecessor?

    /// Nothing.
    package init() {}

    /// Takes over what the environment says is for this process.
    ///
    /// A service manager opens sockets before it starts us (systemd's socket activation, `sd_listen_fds(3)`): their queue
    /// outlives us, so a restart refuses nobody. A process of ours that hands over passes its own (``Successor``).
    ///
    /// - Throws: a text for people about a descriptor that is no listening stream socket.
    package init(environment: [String: String]) throws(InheritedListenerError) {
        if let words = environment[Successor.variable].flatMap(HandOverWords.init), let waiting = words.predecessor() {
            predecessor = waiting
            for (index, origin) in words.origins.enumerated() {
                listeners.append(try Self.listener(HandOverWords.first + Int32(index), origin))
            }
            return
        }
        // Meant for another process: a child inherits the words, and perhaps the sockets.
        guard let pid = environment["LISTEN_PID"].flatMap({ Int32($0) }), pid == getpid(),
            let count = environment["LISTEN_FDS"].flatMap({ Int32($0) }), (1...1024).contains(count)
        else { return }
        for descriptor in HandOverWords.first..<(HandOverWords.first + count) {
            listeners.append(try Self.listener(descriptor, .manager))
        }
    }

    /// Takes out what serves `wanted`: the first that does, and all others that listen there (`SO_REUSEPORT`), or that did so
    /// for the same address of the configuration.
    mutating func claim(_ wanted: ListenAddress) -> [InheritedListener] {
        guard let first = listeners.first(where: { $0.serves(wanted) }) else { return [] }
        let isOwn = first.origin == .predecessor(wanted)
        return take { $0.origin == first.origin && (isOwn || $0.address == first.address) }
    }

    private mutating func take(_ isMeant: (InheritedListener) -> Bool) -> [InheritedListener] {
        let taken = listeners.filter(isMeant)
        listeners.removeAll(where: isMeant)
        return taken
    }

    /// Opens a listener, by what serves it already: for each worker the queues that it serves.
    package mutating func open(
        _ wanted: ListenAddress, count: Int, permissions: UInt32 = 0o660
    ) throws(ListenError) -> [[ListeningSocket]] {
        let claimed = claim(wanted)
        if !claimed.isEmpty { return try ListeningSocket.adopt(claimed, count: count) }
        let former = listeners.filter { $0.origin != .manager }.map { FormerListener($0) }
        if former.isEmpty {
            return try ListeningSocket.open(wanted, count: count, permissions: permissions).map { [$0] }
        }
        let (opened, covered) = try ListeningSocket.open(
            wanted, count: count, permissions: permissions, beside: former)
        let kept = take { $0.origin != .manager && covered.contains($0.address) }
        var sockets = try ListeningSocket.adopt(kept, count: count)
        for (worker, socket) in opened.enumerated() { sockets[worker].insert(socket, at: 0) }
        return sockets
    }

    /// What a service manager has opened and nobody has claimed, for the next process: its configuration may want it.
    package var unclaimed: [Bequest] {
        listeners.filter { $0.origin == .manager }.map { Bequest(descriptor: $0.descriptor, origin: .manager) }
    }

    /// Lets go of what nobody has claimed: of what a predecessor leaves that the configuration does not want any more.
    ///
    /// A service manager's stay: they are its own.
    package mutating func dropRest() {
        for listener in listeners where listener.origin != .manager {
            close(listener.descriptor)
            if case .unix(let path) = listener.address { _ = unsafe unlink(path) }
        }
        listeners = []
    }

    private static func listener(
        _ descriptor: Int32, _ origin: InheritedListener.Origin
    ) throws(InheritedListenerError) -> InheritedListener {
        guard option(descriptor, SO_TYPE) == Int32(SOCK_STREAM.rawValue), option(descriptor, SO_ACCEPTCONN) == 1,
            let address = Socket.localAddress(of: descriptor), fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0,
            fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) == 0
        else { throw InheritedListenerError(descriptor: descriptor) }
        return InheritedListener(descriptor: descriptor, address: address, origin: origin)
    }

    private static func option(_ descriptor: Int32, _ name: Int32) -> Int32? {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return unsafe getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 ? value : nil
    }
}

/// A descriptor that was handed over is no listener.
package struct InheritedListenerError: Error, Sendable, CustomStringConvertible {
    let descriptor: Int32

    package var description: String {
        """
        descriptor \(descriptor), handed over by $LISTEN_FDS, is no listening stream socket
          in the socket unit:  ListenStream=PORT  and no  Accept=yes
        """
    }
}
