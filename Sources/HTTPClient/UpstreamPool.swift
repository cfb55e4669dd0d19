private import Bytes
import HTTP
package import Sockets
import Telemetry
import Time

/// One upstream as one worker knows it: picks servers, keeps connections, and lends them to streams.
///
/// Call ``retire()`` before letting it go.
package final class UpstreamPool: TurnTarget, TimerTarget {
    package let settings: UpstreamSettings
    package let loop: EventLoop
    let patience: UpstreamPatience
    /// For servers under `https`, and connections that are made from now on.
    package var tls: UpstreamTLS?
    package let meters: UpstreamMeters?
    private let resolver: Resolver
    private var endpoints: [UpstreamEndpoint] = []
    private var probes: [HealthProbe] = []
    private var turn = 0
    /// Answers of the resolver; made when a server has a name.
    private var mailbox: Mailbox<ResolverAnswer>?
    private var delivery: Slot?
    private var timer: TimerWheel.Timer?
    private var waitingUntil = Instant.distantFuture
    // Boxed: each change is one statement, and nobody is called meanwhile.
    private let idleStreams = Box([UpstreamStream]())
    private var idleShared: [SharedStream] = []
    /// Memory of all HTTP/2 sessions of this pool.
    let http2Memory = HTTP2Memory()
    /// Failures that are told at the end of the turn, since ``open(for:affinity:)`` calls nobody with bad news.
    private var doomed: [(UpstreamStream, UpstreamFailure)] = []
    private var isPutOff = false
    /// How many streams began to wait for a connection since the loop's last hearing, the one of that number, and how many
    /// between that and the one before.
    private var beginners = (hearing: 0, now: 0, before: 0)
    /// No connection is kept any more.
    package private(set) var isRetired = false

    /// - Parameter tls: for servers under `https`.
    /// - Throws: what the system says when it has no descriptor left for a mailbox.
    package init(
        settings: UpstreamSettings, tls: UpstreamTLS? = nil, meters: UpstreamMeters? = nil, loop: EventLoop,
        resolver: Resolver
    ) throws(SystemError) {
        precondition(!settings.servers.isEmpty, "an upstream without a server")
        self.settings = settings
        patience = UpstreamPatience(settings)
        self.tls = tls
        self.meters = meters
        self.loop = loop
        self.resolver = resolver
        endpoints = settings.servers.map { UpstreamEndpoint(self, $0) }
        if let rule = settings.healthCheck { probes = endpoints.map { HealthProbe(self, $0, rule) } }
        if endpoints.contains(where: \.needsResolver) {
            let mailbox = try Mailbox<ResolverAnswer>()
            delivery = try mailbox.deliver(on: loop) { [weak self] answer in
                self?.endpoints[Int(answer.ticket)].resolved(answer.result)
            }
            self.mailbox = mailbox
        }
        // For those who wait for a name's address, or for an HTTP/2 connection that another one makes.
        if mailbox != nil || settings.http2 { timer = loop.timers.add(self) }
    }

    /// Opens a stream for `handler`: on the idle connection used last, else on a new one.
    ///
    /// With an idle connection `upstreamReady` is called before this returns; failures are told later, never from here.
    ///
    /// - Parameters:
    ///   - affinity: the same number finds the same server, with `balance: hash_session`; nil: any will do.
    ///   - avoided: a server that has just failed, while there is another.
    ///   - forTunnel: the request will be a WebSocket's handshake, with `Upgrade` among its fields; in HTTP/2 it becomes an
    ///     extended CONNECT, or fails where the server does not take any.
    @discardableResult
    package func open(
        for handler: any UpstreamHandler, affinity: UInt64? = nil, avoiding avoided: UpstreamServer? = nil,
        forTunnel: Bool = false
    ) -> UpstreamStream {
        open(on: choose(affinity, avoiding: avoided), for: handler, forTunnel: forTunnel)
    }

    func open(on endpoint: UpstreamEndpoint, for handler: any UpstreamHandler, forTunnel: Bool = false)
        -> UpstreamStream
    {
        let stream = idleStreams.value.popLast() ?? UpstreamStream(server: endpoint.server)
        stream.begin(for: handler, server: endpoint.server, forTunnel: forTunnel, now: loop.now)
        if endpoint.server.isSecure, tls == nil {
            fail(stream, .unsupportedScheme)
        } else if settings.http2, let connection = endpoint.takeShared() {
            connection.lease(stream)
            connection.announce(stream)
        } else if let connection = endpoint.takeIdle() {
            stream.wasReused = true
            connection.lease(stream)
            handler.upstreamReady(stream)
        } else if mayWait() {
            endpoint.connect(stream)
        } else {
            meters?.overloaded.add()
            fail(stream, .overloaded)
        }
        return stream
    }

    /// Counts one more that waits for a connection, unless there are as many as may.
    ///
    /// A connection that was asked for and made may stand in what the loop has not heard yet, behind a crowd's requests. Who
    /// has not been through one whole hearing is in no queue: nobody can know that the server takes its time.
    private func mayWait() -> Bool {
        let hearing = loop.hearings
        if beginners.hearing != hearing {
            beginners = (hearing, 0, beginners.hearing + 1 == hearing ? beginners.now : 0)
        }
        let waiting = endpoints.reduce(0) { $0 + $1.pending } - beginners.now - beginners.before
        guard waiting < settings.queue.requests else { return false }
        beginners.now += 1
        return true
    }

    /// Idle connections, for metrics and tests.
    package var idleConnections: Int { endpoints.reduce(0) { $0 + $1.idleCount } }

    /// Servers that are left alone at the moment, for metrics and tests.
    package var serversOut: Int { endpoints.count { $0.isOut(loop.now) } }

    /// Streams that are open.
    package var load: Int { endpoints.reduce(0) { $0 + $1.load } }

    /// Closes idle connections and keeps no more; streams that run go on.
    ///
    /// For settings that were replaced.
    package func retire() {
        isRetired = true
        for probe in probes { probe.stop() }
        probes = []
        for endpoint in endpoints {
            // Its successor judges anew, and counts for itself.
            endpoint.isUnhealthy = false
            endpoint.closeIdle()
        }
        closeMailboxIfRetired()
    }

    // MARK: Choice

    private func choose(_ affinity: UInt64?, avoiding avoided: UpstreamServer?) -> UpstreamEndpoint {
        let count = endpoints.count
        if count == 1 { return endpoints[0] }
        let now = loop.now
        turn = (turn + 1) % count
        // Where every server is out, none is: some answer is better than none.
        let someAreIn = endpoints.contains { !$0.isOut(now) && $0.server != avoided }
        var start = turn
        if settings.balance == .hashSession, let affinity { start = Int(affinity % UInt64(count)) }
        var best: UpstreamEndpoint?
        for offset in 0..<count {
            let candidate = endpoints[(start + offset) % count]
            if someAreIn, candidate.isOut(now) || candidate.server == avoided { continue }
            if settings.balance != .leastRequests { return candidate }
            if candidate.load < best?.load ?? .max { best = candidate }
        }
        return best ?? endpoints[start]
    }

    // MARK: For endpoints and connections

    func ask(_ host: String, _ port: UInt16, for endpoint: UpstreamEndpoint) {
        guard let mailbox, let number = endpoints.firstIndex(where: { $0 === endpoint }) else { return }
        resolver.resolve(host, port: port, ticket: UInt64(number), into: mailbox)
    }

    /// A retired pool still gets the answers that its streams wait for.
    func closeMailboxIfRetired() {
        guard isRetired, !endpoints.contains(where: \.hasWaiting) else { return }
        if let mailbox, let delivery { mailbox.close(on: loop, delivery) }
        if let timer { loop.timers.remove(timer) }
        self.mailbox = nil
        timer = nil
    }

    func watchWaiting(until deadline: Instant) {
        guard let timer, deadline < waitingUntil else { return }
        waitingUntil = deadline
        loop.timers.set(timer, deadline)
    }

    package func deadlinePassed(_ timer: TimerWheel.Timer) {
        waitingUntil = .distantFuture
        for endpoint in endpoints {
            if let next = endpoint.expireWaiting(loop.now) { watchWaiting(until: next) }
        }
        closeMailboxIfRetired()
    }

    /// Tells a failure at the end of the turn.
    func fail(_ stream: UpstreamStream, _ failure: UpstreamFailure) {
        stream.carrier = nil
        doomed.append((stream, failure))
        if isPutOff { return }
        isPutOff = true
        loop.putOff(self)
    }

    package func turnEnding() {
        isPutOff = false
        let told = doomed
        doomed = []
        for (stream, failure) in told { deliver(failure, to: stream) }
    }

    /// Tells a failure now; not from inside a handler's call.
    func deliver(_ failure: UpstreamFailure, to stream: UpstreamStream) {
        let handler = stream.handler
        stream.end()
        handler?.upstreamFailed(stream, failure)
        idleStreams.value.append(stream)
    }

    func borrowShared() -> SharedStream { idleShared.popLast() ?? SharedStream() }

    func returnShared(_ stream: SharedStream) {
        if idleShared.count < 1024 { idleShared.append(stream) }
    }

    func takeBack(_ stream: UpstreamStream) {
        stream.end()
        idleStreams.value.append(stream)
    }
}
