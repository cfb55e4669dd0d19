import Bytes
import Sockets
import TLS
import Telemetry
import Time

/// One server of an upstream, as one worker knows it: its addresses, its idle connections, and how it has behaved.
final class UpstreamEndpoint {
    unowned let pool: UpstreamPool
    let server: UpstreamServer
    /// Idle connections; the one used last is used next, so that the others may grow old and close.
    ///
    /// Boxed: each change is one statement, and nobody is called meanwhile.
    private let idleBox = Box([UpstreamConnection]())
    /// Streams that have a connection, or wait for one.
    private(set) var load = 0 {
        didSet { if load > peak.now { peak.now = load } }
    }
    /// The most streams at once, in this stretch of time and in the one before.
    private var peak = (now: 0, before: 0)
    private var stretchEnd = Instant(nanoseconds: .min)
    /// Streams that wait for a connection.
    var pending = 0 {
        didSet { pool.meters?.waiting.add(Double(pending - oldValue)) }
    }

    private var addresses: [SocketAddress] = []
    /// The address that worked last.
    private var preferred = 0
    private var resolvedAt: Instant?
    private var isResolving = false
    /// Streams that wait for the name's first address.
    private var waiting: [UpstreamStream] = []

    /// What shortens the next handshake.
    private let memory = TLSResumption()
    /// HTTP/2 connections, each for many streams.
    private var shared: [SharedConnection] = []
    /// Streams for which an HTTP/2 connection is being made, and those that wait for it with them.
    private var leaders = 0
    private var followers: [UpstreamStream] = []
    private var isHTTP1 = false

    /// What the health check says; false without one.
    var isUnhealthy = false {
        didSet { if isUnhealthy != oldValue { pool.meters?.out.add(isUnhealthy ? 1 : -1) } }
    }
    private var failuresInARow = 0
    private var ejectedUntil: Instant?

    init(_ pool: UpstreamPool, _ server: UpstreamServer) {
        self.pool = pool
        self.server = server
        switch server.place {
        case .unix(let path): addresses = [.unix(path: path)]
        case .tcp(let host, let port):
            if let literal = Resolver.literal(host, port: port) { addresses = [literal] }
        }
        needsResolver = addresses.isEmpty
    }

    let needsResolver: Bool

    private var idle: [UpstreamConnection] {
        _read { yield idleBox.value }
        _modify { yield &idleBox.value }
    }

    // MARK: Streams

    /// An idle connection, the one used last.
    func takeIdle() -> UpstreamConnection? {
        guard let connection = idle.popLast() else { return nil }
        refreshAddresses()
        load += 1
        return connection
    }

    /// Makes a connection for `stream`, as soon as there is an address.
    func connect(_ stream: UpstreamStream) {
        load += 1
        pending += 1
        refreshAddresses()
        if addresses.isEmpty {
            waiting.append(stream)
            pool.watchWaiting(until: stream.openedAt + pool.settings.queue.wait)
            return
        }
        beginAttempts(stream)
    }

    private func beginAttempts(_ stream: UpstreamStream) {
        // Cancelled while it waited: nobody would give its connection back.
        if stream.handler == nil {
            giveUp(stream, .unreachable)
            return
        }
        if sharesConnections {
            // One connection takes many streams: who comes while it is being made waits for it.
            if leaders > 0, followers.count < leaders * Self.followersOfOne {
                followers.append(stream)
                pool.watchWaiting(until: stream.openedAt + pool.settings.queue.wait)
                return
            }
            leaders += 1
        }
        stream.attempt.first = preferred
        stream.attempt.tried = 0
        let (now, limit) = (pool.loop.now, pool.settings.connectTimeout)
        stream.attempt.until = min(now + limit, stream.openedAt + pool.settings.queue.wait)
        stream.attempt.isShort = stream.attempt.until.since(now) < limit / 2
        attempt(stream, after: .unreachable)
    }

    /// Tries the next address; each has its share of the time, so that one that is silent does not use it all.
    private func attempt(_ stream: UpstreamStream, after failure: UpstreamFailure) {
        var failure = failure
        let now = pool.loop.now
        while stream.attempt.tried < addresses.count, now < stream.attempt.until {
            // Cancelled in the turn in which the last address failed: a further connection would not hear of it.
            if stream.handler == nil {
                giveUp(stream, failure)
                leaderLeft()
                return
            }
            let address = addresses[(stream.attempt.first + stream.attempt.tried) % addresses.count]
            let share = stream.attempt.until.since(now) / (addresses.count - stream.attempt.tried)
            stream.attempt.tried += 1
            do throws(SystemError) {
                let cipher = makeCipher()
                if server.isSecure, cipher == nil { throw SystemError.noMemory }
                stream.carrier = try UpstreamConnection(
                    self, try Socket.connecting(to: address), cipher, address, for: stream,
                    until: now + max(share, .milliseconds(250)))
                return
            } catch {
                failure = UpstreamFailure(connecting: error)
            }
        }
        failed(failure, wasReused: false)
        if failure == .overloaded { pool.meters?.overloaded.add() } else { pool.meters?.connectFailed(failure) }
        if failure == .connectTimeout, stream.attempt.isShort {
            // It has waited its time elsewhere: not the server's silence but our patience is over.
            pool.meters?.overloaded.add()
            failure = .overloaded
        }
        giveUp(stream, failure, isLeader: true)
    }

    private func makeCipher() -> (any ByteCipher)? {
        guard server.isSecure, case .tcp(let host, _) = server.place else { return nil }
        return pool.tls?.makeCipher(to: host, resuming: memory)
    }

    /// There will be no connection.
    private func giveUp(_ stream: UpstreamStream, _ failure: UpstreamFailure, isLeader: Bool = false) {
        load -= 1
        pending -= 1
        if isLeader, sharesConnections {
            leaders -= 1
            // Whoever waited for it would find the same.
            let others = followers
            followers = []
            for other in others { giveUp(other, failure) }
        }
        if stream.handler == nil { pool.takeBack(stream) } else { pool.fail(stream, failure) }
    }

    func connected(to address: SocketAddress) {
        pending -= 1
        pool.meters?.connections.increment()
        if let position = addresses.firstIndex(of: address) { preferred = position }
    }

    func connectingFailed(_ stream: UpstreamStream, _ address: SocketAddress, _ failure: UpstreamFailure) {
        load += 1
        attempt(stream, after: failure)
    }

    // MARK: Connections

    /// Keeps a connection for the next stream; false when there are enough.
    ///
    /// Enough are `keep_alive`, and as many as were busy at once a moment ago: the answers of a turn come before its
    /// requests, and closing what is wanted again at once costs more than the whole request.
    func keep(_ connection: UpstreamConnection) -> Bool {
        let pool = connection.pool
        let now = connection.loop.now
        if now >= stretchEnd {
            peak = (load, now < stretchEnd + pool.patience.keepAlive ? peak.now : 0)
            stretchEnd = now + pool.patience.keepAlive
        }
        // The connection at hand is still part of the load.
        let enough = max(pool.settings.keepAlive, max(peak.now, peak.before) - load + 1)
        guard !pool.isRetired, pool.settings.keepAlive > 0, idle.count < enough, knows(connection.address)
        else { return false }
        load -= 1
        idle.append(connection)
        return true
    }

    func closed(_ connection: UpstreamConnection, wasIdle: Bool) {
        if !wasIdle {
            load -= 1
        } else if let position = idle.lastIndex(where: { $0 === connection }) {
            idle.remove(at: position)
        }
    }

    func closeIdle() {
        for connection in idle { connection.close() }
        idle = []
        for connection in shared where connection.load == 0 { connection.leave() }
    }

    var idleCount: Int { idle.count + shared.count { $0.load == 0 } }
    var hasWaiting: Bool { !waiting.isEmpty || !followers.isEmpty }

    // MARK: HTTP/2

    /// One connection serves many streams.
    private var sharesConnections: Bool { pool.settings.http2 && !isHTTP1 }

    /// The server was offered HTTP/2 and chose HTTP/1.1: each stream makes a connection of its own.
    func serverSpeaksHTTP1() {
        if isHTTP1 { return }
        isHTTP1 = true
        leaders = 0
        let streams = followers
        followers = []
        for stream in streams { beginAttempts(stream) }
    }

    /// Streams that may wait for a connection that another one makes.
    private static let followersOfOne = 100

    /// A connection that has room for one stream more.
    func takeShared() -> SharedConnection? {
        guard let found = shared.last(where: { $0.room > 0 && addresses.contains($0.address) }) else { return nil }
        refreshAddresses()
        load += 1
        return found
    }

    /// A connection is there, and speaks HTTP/2.
    func share(_ channel: consuming Channel, _ address: SocketAddress, for stream: UpstreamStream) {
        let connection: SharedConnection
        do throws(SystemError) {
            connection = try SharedConnection(self, channel, address)
        } catch {
            load -= 1
            pool.meters?.connections.decrement()
            let failure = UpstreamFailure(connecting: error)
            if stream.handler == nil { pool.takeBack(stream) } else { pool.fail(stream, failure) }
            leaderLeft()
            return
        }
        shared.append(connection)
        begin(stream, on: connection)
        connection.begin()
    }

    /// A connection knows how many streams it may carry: those that waited for it begin.
    func connectionSettled(_ connection: SharedConnection) {
        leaders -= 1
        while connection.room > 0, !followers.isEmpty {
            pending -= 1
            begin(followers.removeFirst(), on: connection)
        }
        followersLead()
        connection.touch()
    }

    private func begin(_ stream: UpstreamStream, on connection: SharedConnection) {
        if stream.handler == nil {
            load -= 1
            pool.takeBack(stream)
            return
        }
        connection.lease(stream)
        connection.announce(stream)
    }

    /// The stream for which a connection was being made is gone: somebody else makes it.
    func leaderLeft() {
        guard sharesConnections else { return }
        leaders -= 1
        followersLead()
    }

    /// Where nobody makes a connection any more, the first who waits and was not cancelled makes one for all of them.
    private func followersLead() {
        while leaders == 0, !followers.isEmpty { beginAttempts(followers.removeFirst()) }
    }

    func sharedStreamEnded() { load -= 1 }

    func closed(_ connection: SharedConnection, wasSettled: Bool) {
        if let position = shared.firstIndex(where: { $0 === connection }) { shared.remove(at: position) }
        if !wasSettled { leaderLeft() }
    }

    func knows(_ address: SocketAddress) -> Bool {
        let addresses = addresses
        for known in addresses where known == address { return true }
        return false
    }

    // MARK: Behaviour

    /// True while the server is left alone: after failures, or because its health check fails.
    func isOut(_ now: Instant) -> Bool {
        if isUnhealthy { return true }
        guard let ejectedUntil else { return false }
        return now < ejectedUntil
    }

    func succeeded() {
        failuresInARow = 0
        ejectedUntil = nil
    }

    /// A stale connection that breaks says nothing about the server.
    func failed(_ failure: UpstreamFailure, wasReused: Bool) {
        switch failure {
        case .refused, .unreachable, .connectTimeout, .responseTimeout, .handshake: break
        case .closedBeforeResponse where !wasReused: break
        default: return
        }
        failuresInARow += 1
        let rule = pool.settings.ejection
        guard rule.failures > 0, failuresInARow >= rule.failures else { return }
        if !isOut(pool.loop.now) { pool.meters?.ejections.add() }
        ejectedUntil = pool.loop.now + rule.duration
    }

    // MARK: Addresses

    /// Asks for the addresses anew when they are old; meanwhile the old ones serve.
    ///
    /// With every stream, since a connection that is never idle for long would stay with its address for ever.
    private func refreshAddresses() {
        guard needsResolver, !isResolving else { return }
        if let resolvedAt, pool.loop.now < resolvedAt + pool.settings.dnsRefresh, !addresses.isEmpty { return }
        guard case .tcp(let host, let port) = server.place else { return }
        isResolving = true
        pool.ask(host, port, for: self)
    }

    func resolved(_ result: Result<[SocketAddress], ResolverFailure>) {
        isResolving = false
        resolvedAt = pool.loop.now
        if case .success(let found) = result, found != addresses {
            let working = addresses.isEmpty ? nil : addresses[preferred % addresses.count]
            addresses = found
            preferred = working.flatMap { found.firstIndex(of: $0) } ?? 0
            for connection in idle where !found.contains(connection.address) { connection.close() }
        }
        let streams = waiting
        waiting = []
        for stream in streams {
            if addresses.isEmpty || stream.handler == nil {
                giveUp(stream, .unknownName)
            } else {
                beginAttempts(stream)
            }
        }
        pool.closeMailboxIfRetired()
    }

    /// Gives up streams that have waited too long for an address, or for a connection of which the server says nothing; when
    /// the next one will have.
    func expireWaiting(_ now: Instant) -> Instant? {
        let patience = pool.settings.queue.wait
        let old = waiting.prefix { $0.openedAt + patience <= now }
        waiting.removeFirst(old.count)
        let oldFollowers = followers.prefix { $0.openedAt + patience <= now }
        followers.removeFirst(oldFollowers.count)
        for stream in old + oldFollowers {
            pool.meters?.overloaded.add()
            giveUp(stream, .overloaded)
        }
        return [waiting.first, followers.first].compactMap { $0.map { $0.openedAt + patience } }.min()
    }
}
