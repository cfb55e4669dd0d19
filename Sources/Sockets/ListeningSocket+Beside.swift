private import Glibc

/// A listener of ours that is open already, and is to give way to another one.
package struct FormerListener: Sendable {
    let descriptor: Int32
    let address: SocketAddress

    package init(_ socket: ListeningSocket) {
        descriptor = socket.descriptor
        address = socket.address
    }

    init(_ inherited: InheritedListener) {
        descriptor = inherited.descriptor
        address = inherited.address
    }
}

extension ListeningSocket {
    /// Opens one listener a worker where some of `former` may stand in the way, on the same port of one address or of all.
    ///
    /// The kernel lets both be open for a while, and gives whoever comes to the one that names its address. So none that is
    /// covered is closed, with those who wait in its queue: it serves the new listener, too. Of the others nobody is wanted
    /// who would not be had by the new one from the moment it is open.
    ///
    /// - Returns: the new ones, none where one of `former` is at the very address; and the addresses of those that serve the
    ///   new listener as well.
    package static func open(
        _ wanted: ListenAddress, count: Int, permissions: UInt32 = 0o660, beside former: [FormerListener]
    ) throws(ListenError) -> (opened: [ListeningSocket], covered: Set<SocketAddress>) {
        guard case .tcp(let host, let port) = wanted, port != 0, former.contains(where: { $0.address.port == port }),
            let target = try? Resolver.lookUp(host, port: port, passive: true).get().first,
            let first = former.first(where: { $0.descriptor >= 0 && target.overlaps($0.address) })
        else { return (try open(wanted, count: count, permissions: permissions), []) }
        let neighbours = former.filter { $0.descriptor >= 0 && target.overlaps($0.address) }
        var opened: [ListeningSocket] = []
        do throws(SystemError) {
            if !neighbours.contains(where: { $0.address == target }) {
                for neighbour in neighbours { try Socket.set(neighbour.descriptor, SOL_SOCKET, SO_REUSEPORT, 1) }
                for _ in 0..<count { opened.append(try openShared(target)) }
            }
        } catch {
            throw ListenError(address: wanted, cause: error, neighbour: first.address)
        }
        let isDual = takesBothFamilies(opened.first?.descriptor ?? first.descriptor)
        let covered = neighbours.map(\.address).filter { target.covers($0, isDual: isDual) }
        return (opened, Set(covered))
    }

    /// Whether a listener at the unspecified address of IPv6 is reached by IPv4 as well.
    private static func takesBothFamilies(_ descriptor: Int32) -> Bool {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return unsafe getsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &value, &length) == 0 && value == 0
    }
}

extension SocketAddress {
    /// Every address of the machine.
    package var isUnspecified: Bool { if case .ip(let address, _, _) = self { address.isUnspecified } else { false } }

    /// Whether both at once need `SO_REUSEPORT`.
    func overlaps(_ other: SocketAddress) -> Bool {
        guard case .ip(let mine, let port, _) = self, case .ip(let theirs, port, _) = other else { return false }
        return self == other || mine.isUnspecified || theirs.isUnspecified
    }

    /// Whether everybody who comes to `other` may come here.
    ///
    /// - Parameter isDual: a listener at the unspecified address of IPv6 is one for IPv4 as well.
    func covers(_ other: SocketAddress, isDual: Bool) -> Bool {
        guard overlaps(other), case .ip(let mine, _, _) = self, case .ip(let theirs, _, _) = other else { return false }
        if self == other { return true }
        return mine.isUnspecified && (mine.isV4 == theirs.isV4 || (!mine.isV4 && isDual))
    }
}
