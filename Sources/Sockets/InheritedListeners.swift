private import Glibc

/// A listening socket that this process was started with.
package struct InheritedListener: Sendable, Equatable {
    let descriptor: Int32
    /// Where it listens.
    package let address: SocketAddress

    /// Whether it is what the configuration asks for: that address, or the same port of every address.
    package func serves(_ wanted: ListenAddress) -> Bool {
        switch (wanted, address) {
        case (.unix(let path), .unix(let bound)): return path == bound
        case (.tcp(let host, let port), .ip(let bound, let boundPort, _)):
            guard port == boundPort else { return false }
            if bound.isUnspecified { return true }
            return IPAddress(host).map { $0 == bound } ?? (host.lowercased() == "localhost" && bound.isLoopback)
        default: return false
        }
    }
}

/// What a service manager has opened for us before it started us (systemd's socket activation, `sd_listen_fds(3)`): its queue
/// outlives us, so a restart refuses nobody.
package enum InheritedListeners {
    /// The first descriptor behind standard error.
    private static let first: Int32 = 3

    /// Takes over the sockets that the environment says are for this process.
    ///
    /// - Throws: a text for people about a descriptor that is no listening stream socket.
    package static func takeOver(environment: [String: String]) throws(InheritedListenerError) -> [InheritedListener] {
        // Meant for another process: a child inherits the words, and perhaps the sockets.
        guard let pid = environment["LISTEN_PID"].flatMap({ Int32($0) }), pid == getpid(),
            let count = environment["LISTEN_FDS"].flatMap({ Int32($0) }), (1...1024).contains(count)
        else { return [] }
        var found: [InheritedListener] = []
        for descriptor in first..<(first + count) {
            guard option(descriptor, SO_TYPE) == Int32(SOCK_STREAM.rawValue), option(descriptor, SO_ACCEPTCONN) == 1,
                let address = Socket.localAddress(of: descriptor)
            else { throw InheritedListenerError(descriptor: descriptor) }
            guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0,
                fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) == 0
            else { throw InheritedListenerError(descriptor: descriptor) }
            found.append(InheritedListener(descriptor: descriptor, address: address))
        }
        return found
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
