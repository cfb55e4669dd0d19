import Bytes
import HTTP
import Sockets
import Telemetry
import Time

/// One HTTP/2 connection to a server of an upstream: serves many streams at once.
///
/// The same rules as everywhere keep re-entrance harmless: handlers are called only from ``work()``, which never runs inside
/// itself; what they ask for is noted or written; and only ``work()`` reads. What a paused stream has been sent waits in the
/// stream, bounded by its window (G54).
final class SharedConnection: EventTarget, TurnTarget, TimerTarget {
    /// Kept alive by its connections, since it may have been replaced.
    let pool: UpstreamPool
    let endpoint: UpstreamEndpoint
    let address: SocketAddress
    var channel: Channel
    var engine: HTTP2ClientEngine
    private var seat: Slot?
    private var timer: TimerWheel.Timer?
    private var timerAt = Instant.distantFuture

    var streams: [SharedStream?] = []
    private var freePlaces: [Int] = []
    /// Streams that somebody has, sent or not.
    private(set) var load = 0
    /// Those whose head is not sent yet.
    private var unsent = 0
    /// Those whose head may leave with the next send.
    private var departing: [SharedStream] = []
    private var noted: [SharedStream] = []
    private var notedNow: [SharedStream] = []

    private(set) var isClosed = false
    /// The server has said how many streams it takes; until then one is risked.
    private var isSettled = false
    /// The server takes no further stream.
    private var isLeaving = false
    private var isWorking = false
    private var isPutOff = false
    private var isBroken = false
    /// At least one stream has been served.
    private(set) var hasServed = false
    private var idleSince: Instant

    /// Bytes that may wait for the server before their sources are paused.
    private static let highWaterMark = 128 << 10

    init(_ endpoint: UpstreamEndpoint, _ channel: consuming Channel, _ address: SocketAddress) throws(SystemError) {
        pool = endpoint.pool
        self.endpoint = endpoint
        self.address = address
        self.channel = channel
        let now = endpoint.pool.loop.now
        engine = HTTP2ClientEngine(
            settings: HTTP2Settings(limits: .response), memory: endpoint.pool.http2Memory, now: now)
        idleSince = now
        seat = try loop.watch(self.channel.descriptor, .connection, for: self)
        timer = loop.timers.add(self)
    }

    var loop: EventLoop { pool.loop }
    var hasRoom: Bool { channel.waiting < Self.highWaterMark }

    /// Streams that may be opened still.
    var room: Int {
        if isClosed || isLeaving || isBroken { return 0 }
        return isSettled ? max(0, engine.room - unsent) : load == 0 ? 1 : 0
    }

    /// The server has said how many streams it takes.
    func settled() {
        if isSettled { return }
        isSettled = true
        for position in streams.indices {
            guard let owner = streams[position], owner.isTunnel, owner.request == .unsent, let upstream = owner.upstream
            else { continue }
            owner.requestEnded = loop.now
            upstream.handler?.upstreamReady(upstream)
        }
        endpoint.connectionSettled(self)
    }

    /// Reads what came with the handshake, and sees to the first words.
    func begin() {
        var held = ByteBuffer()
        channel.takeHeld(&held)
        isWorking = true
        feed(held.bytes)
        isWorking = false
        held.clear()
        channel.putBack(&held, loop)
        touch()
    }

    /// Takes a stream; its handler may send its head now.
    func lease(_ upstream: UpstreamStream) {
        let stream = pool.borrowShared()
        stream.begin(self, upstream)
        upstream.carrier = stream
        upstream.wasReused = hasServed
        if let place = freePlaces.popLast() {
            streams[place] = stream
            stream.place = place
        } else {
            stream.place = streams.count
            streams.append(stream)
        }
        load += 1
        unsent += 1
    }

    /// Tells the handler of a leased stream to send its head: at once, but for a WebSocket's, of which the server's settings
    /// say whether there can be any (RFC 8441, section 3).
    func announce(_ upstream: UpstreamStream) {
        if upstream.asksForTunnel, !isSettled {
            watch(for: pool.patience.response)
            return
        }
        upstream.handler?.upstreamReady(upstream)
    }

    // MARK: News from the loop

    func ready(_ readiness: Readiness) {
        if isClosed { return }
        channel.note(readiness)
        work()
        touch()
    }

    func turnEnding() {
        isPutOff = false
        if isClosed { return }
        work()
        if !isClosed { flush() }
    }

    func deadlinePassed(_ timer: TimerWheel.Timer) {
        timerAt = .distantFuture
        if isClosed { return }
        isWorking = true
        judgeTime()
        isWorking = false
        touch()
    }

    func touch() {
        if isPutOff || isWorking || isClosed { return }
        isPutOff = true
        loop.putOff(self)
    }

    func note(_ stream: SharedStream) {
        if !stream.isNoted {
            stream.isNoted = true
            noted.append(stream)
        }
        touch()
    }

    /// Something may be due after `time`.
    func watch(for time: Delay) { watch(until: loop.now + time) }

    private func watch(until deadline: Instant) {
        guard let timer, deadline < timerAt else { return }
        timerAt = deadline
        loop.timers.set(timer, deadline)
    }

    // MARK: Work

    private func work() {
        isWorking = true
        var reads = 0
        settle()
        while !isClosed, channel.canRead {
            if reads == EventLoop.readsInARow {
                isWorking = false
                touch()
                return
            }
            reads += 1
            read()
            settle()
        }
        isWorking = false
    }

    private func read() {
        loop.scratch.use { scratch in
            do {
                switch try channel.receive(into: scratch, loop) {
                case .nothing: break
                case .end, .failed: isBroken = true
                case .bytes: feed(scratch.buffer.bytes)
                }
            } catch {
                isBroken = true
            }
        }
    }

    private func feed(_ bytes: Span<UInt8>) {
        var at = 0
        while at < bytes.count, !isClosed {
            let rest = bytes.extracting(at..<bytes.count)
            do throws(HTTP2Error) {
                at += try engine.receive(rest, now: loop.now)
            } catch {
                hear(rest)
                lose(.protocolError)
                return
            }
            hear(rest)
        }
    }

    /// Draws the consequences of what was noted meanwhile.
    private func settle() {
        if isClosed { return }
        hear(Span())
        while !noted.isEmpty, !isClosed {
            swap(&noted, &notedNow)
            for stream in notedNow where stream.isNoted {
                stream.isNoted = false
                settle(stream)
            }
            notedNow.removeAll(keepingCapacity: true)
        }
        if isBroken { lose(nil) }
    }

    // MARK: Writing

    func sendHead(
        of stream: SharedStream, method: Span<UInt8>, target: Span<UInt8>, _ fields: borrowing Fields,
        framing: BodyFraming
    ) {
        let hasEnded = !framing.hasBody && !stream.isTunnel
        unsent -= 1
        stream.request = .body
        let isSecure = endpoint.server.isSecure
        let new: HTTP2Stream?
        if stream.isTunnel {
            guard engine.takesUpgrades else {
                stream.fail(.noTunnels)
                return
            }
            new = engine.sendUpgrade(target: target, isSecure: isSecure, fields)
            watch(for: pool.patience.response)
        } else {
            new = engine.sendHead(
                method: method, target: target, isSecure: isSecure, fields, framing: framing, hasEnded: hasEnded)
        }
        guard let opened = new else {
            // The server has said good-bye meanwhile: nothing has left, so any request may go elsewhere.
            stream.fail(.closedBeforeResponse)
            return
        }
        opened.place = stream.place
        stream.stream = opened
        departing.append(stream)
        if hasEnded { stream.ended(self) }
        touch()
    }

    func send(_ piece: Span<UInt8>, on stream: HTTP2Stream, for owner: SharedStream) {
        channel.willWrite(loop)
        do throws(HTTP2StreamError) {
            try engine.send(piece, on: stream, into: &channel.output, limit: Self.highWaterMark)
        } catch {
            switch error {
            case .body(let failure): owner.fail(.badRequest(failure))
            case .connection: isBroken = true
            }
        }
        touch()
    }

    @discardableResult
    func pump() -> Bool {
        channel.willWrite(loop)
        do throws(HTTP2Error) {
            try engine.write(into: &channel.output, limit: Self.highWaterMark)
            return true
        } catch {
            isBroken = true
            return false
        }
    }

    /// The sends of a turn, and what follows from them.
    private func flush() {
        while true {
            guard pump() else { break }
            if channel.canWrite, channel.waiting > 0 {
                for stream in departing { stream.upstream?.hasSent = true }
                departing.removeAll(keepingCapacity: true)
            }
            let waited = channel.waiting
            channel.push(loop)
            if channel.sendFailed {
                // The server may have answered before it closed: what it said is read before we give up.
                channel.dropOutput(loop)
                if channel.canRead { touch() } else { isBroken = true }
                break
            }
            guard channel.waiting < waited, engine.wantsWrite else { break }
        }
        isWorking = true
        hear(Span())
        let someWrote = tellWhoWaitsForRoom()
        if isBroken { lose(nil) }
        if !isClosed, !engine.isOpen { lose(.protocolError) }
        isWorking = false
        if isClosed { return }
        if someWrote || !noted.isEmpty { touch() }
        if channel.waiting > 0 { watch(for: pool.patience.idle) }
        if load == 0 { endIfUnwanted() }
    }

    /// True when somebody was told, and may have written.
    private func tellWhoWaitsForRoom() -> Bool {
        guard channel.waiting <= Self.highWaterMark / 2 else { return false }
        var someWereTold = false
        for position in streams.indices {
            guard let owner = streams[position], owner.wasFull, let upstream = owner.upstream,
                (owner.stream?.waiting ?? 0) <= SharedStream.highWaterMark / 2
            else { continue }
            owner.wasFull = false
            upstream.handler?.upstreamCanSendMore(upstream)
            someWereTold = true
        }
        return someWereTold
    }

    // MARK: The end

    func serverLeaves() {
        isLeaving = true
        if load == 0 { isBroken = true }
    }

    /// Frees a stream's place.
    func release(_ stream: SharedStream) {
        guard stream.place >= 0 else { return }
        if stream.request == .unsent { unsent -= 1 }
        streams[stream.place] = nil
        freePlaces.append(stream.place)
        stream.place = -1
        stream.end()
        pool.returnShared(stream)
        load -= 1
        endpoint.sharedStreamEnded()
        hasServed = true
        if load == 0 {
            idleSince = loop.now
            watch(for: pool.patience.keepAlive)
            touch()
        }
    }

    private func endIfUnwanted() {
        if isLeaving || pool.isRetired || pool.settings.keepAlive == 0 || !endpoint.knows(address) { leave() }
    }

    /// Ends the connection politely, while no stream is open.
    func leave() {
        if isClosed { return }
        engine.terminate(.noError)
        if pump() { channel.push(loop) }
        channel.sayGoodbye(loop)
        close()
    }

    /// The connection is gone, and with it every stream; nil says what that means to each.
    private func lose(_ failure: UpstreamFailure?) {
        if isClosed { return }
        close()
        for position in streams.indices {
            guard let stream = streams[position], let upstream = stream.upstream else { continue }
            let told = failure ?? (upstream.hasResponse ? .truncated : .closedBeforeResponse)
            fail(stream, told)
        }
    }

    private func close() {
        isClosed = true
        if let seat { loop.forget(seat) }
        if let timer { loop.timers.remove(timer) }
        seat = nil
        timer = nil
        channel.close(loop)
        pool.meters?.connections.decrement()
        endpoint.closed(self, wasSettled: isSettled)
    }

    private func judgeTime() {
        let patience = pool.patience
        if load == 0 {
            if expired(idleSince + patience.keepAlive) { leave() }
            return
        }
        if channel.waiting > 0, expired(channel.outputMoved + patience.idle) {
            lose(.idleTimeout)
            return
        }
        for position in streams.indices {
            if let stream = streams[position] { judgeTime(of: stream) }
        }
    }

    private func judgeTime(of owner: SharedStream) {
        let patience = pool.patience
        if let stream = owner.stream, stream.waiting > 0 {
            if stream.bytesOut != owner.bytesSeenLeaving {
                owner.bytesSeenLeaving = stream.bytesOut
                owner.outputMoved = loop.now
            }
            if expired(owner.outputMoved + patience.idle) { giveUp(owner, .idleTimeout) }
            return
        }
        if owner.isPaused { return }
        switch owner.response {
        case .awaited:
            // Of a tunnel nothing is sent before it is open.
            if owner.request == .ended || owner.isTunnel, expired(owner.requestEnded + patience.response) {
                // A server that has not said a word has none for the next one either.
                if isSettled { giveUp(owner, .responseTimeout) } else { lose(.responseTimeout) }
            }
        case .body:
            let moved = owner.isTunnel ? max(owner.bodyMoved, owner.outputMoved) : owner.bodyMoved
            if expired(moved + patience.idle) { giveUp(owner, .idleTimeout) }
        case .ended: break
        }
    }

    /// True when `deadline` has passed; else the timer comes for it.
    private func expired(_ deadline: Instant) -> Bool {
        if deadline <= loop.now { return true }
        watch(until: deadline)
        return false
    }
}
