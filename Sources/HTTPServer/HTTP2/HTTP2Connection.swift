import Bytes
import Formats
import HTTP
import Sockets
import Time

/// One client's connection in HTTP/2: as ``ClientConnection``, with an exchange for each stream.
///
/// The same rules keep re-entrance harmless: handlers are called only from ``work()``, which never runs inside itself; what
/// they ask for is noted or written; only ``work()`` reads. Bytes are never held back from the engine: what a paused stream
/// has been sent waits in the stream, bounded by its window (G54).
final class HTTP2Connection: EventTarget, TurnTarget, TimerTarget, ServedConnection {
    enum Phase {
        case open
        /// Nothing is served any more; what is written still leaves.
        case flushing
        /// Our side is shut; what the client still sends is read and dropped.
        case lingering
        case closed
    }

    let worker: ServerWorker
    let peer: PeerAddress
    let slot: Slot
    var channel: Channel
    var engine: HTTP2ServerEngine
    var phase = Phase.open
    private var seat: Slot?
    private var timer: TimerWheel.Timer?
    /// When the timer comes next.
    private var timerAt = Instant.distantFuture

    /// By the place that each stream carries; nil is free.
    var streams: [ClientStream?] = []
    var freePlaces: [Int] = []
    var openStreams = 0
    /// Streams that something was noted for.
    private var noted: [ClientStream] = []
    private var notedNow: [ClientStream] = []

    var isWorking = false
    private var isPutOff = false
    var isBroken = false
    var isDraining = false
    /// The last stream has been named.
    var hasSaidGoodbye = false
    var peerHalfClosed = false
    /// At least one exchange is over.
    var isKept = false
    private var droppedBytes = 0

    // Times of the connection as a whole.
    var silentSince: Instant
    var headBegan: Instant
    var drainBegan: Instant
    var lingerBegan: Instant
    var isAmidHead = true

    init(_ worker: ServerWorker, _ channel: consuming Channel, _ peer: PeerAddress, _ slot: Slot) {
        self.worker = worker
        self.channel = channel
        self.peer = peer
        self.slot = slot
        let now = worker.loop.now
        engine = HTTP2ServerEngine(
            settings: HTTP2Settings(limits: worker.settings.limits), memory: worker.http2Memory, now: now)
        silentSince = now
        headBegan = now
        drainBegan = now
        lingerBegan = now
    }

    /// Takes its place on the loop; false when the system refuses.
    func open() -> Bool {
        guard let seat = try? worker.loop.watch(channel.descriptor, .connection, for: self) else {
            channel.close(worker.loop)
            phase = .closed
            return false
        }
        self.seat = seat
        timer = worker.loop.timers.add(self)
        watch(for: worker.patience.header)
        return true
    }

    /// Goes on where HTTP/1 left off.
    func begin(prefaceWasRead: Bool) {
        isWorking = true
        if prefaceWasRead { HTTP2Preface.withPrefix(HTTP2Preface.count) { feed($0) } }
        var held = ByteBuffer()
        channel.takeHeld(&held)
        feed(held.bytes)
        held.clear()
        channel.putBack(&held, worker.loop)
        isWorking = false
        touch()
    }

    var isHandshaking: Bool { false }
    func crowdedOut() {}

    /// More may be written before a source is paused.
    var hasRoom: Bool { channel.waiting < worker.settings.highWaterMark && engine.hasRoom }

    // MARK: News from the loop

    func ready(_ readiness: Readiness) {
        if phase == .closed { return }
        if readiness.isGone { isBroken = true }
        channel.note(readiness)
        work()
        if phase == .closed { return }
        touch()
    }

    func turnEnding() {
        isPutOff = false
        if phase == .closed { return }
        work()
        if phase == .closed { return }
        flush()
    }

    func deadlinePassed(_ timer: TimerWheel.Timer) {
        timerAt = .distantFuture
        if phase == .closed { return }
        judgeTime()
        if phase == .closed { return }
        touch()
    }

    /// See to this connection at the end of the turn.
    func touch() {
        if isPutOff || isWorking || phase == .closed { return }
        isPutOff = true
        worker.loop.putOff(self)
    }

    /// See to this stream, now or at the end of the turn.
    func note(_ stream: ClientStream) {
        if !stream.isNoted {
            stream.isNoted = true
            noted.append(stream)
        }
        touch()
    }

    /// Something may be due after `time`.
    func watch(for time: Delay) { watch(until: worker.loop.now + time) }

    func watch(until deadline: Instant) {
        guard let timer, deadline < timerAt else { return }
        timerAt = deadline
        worker.loop.timers.set(timer, deadline)
    }

    // MARK: Work

    /// Brings everything forward that can go forward without the kernel's or a handler's further help.
    func work() {
        isWorking = true
        var reads = 0
        settle()
        while channel.canRead, phase == .open || phase == .lingering {
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
        worker.loop.scratch.use { scratch in
            do {
                switch try channel.receive(into: scratch, worker.loop) {
                case .nothing: break
                case .failed:
                    channel.push(worker.loop)
                    isBroken = true
                case .end: inputEnded()
                case .bytes: feed(scratch.buffer.bytes)
                }
            } catch {
                isBroken = true
            }
        }
    }

    private func feed(_ bytes: Span<UInt8>) {
        if phase == .lingering {
            droppedBytes += bytes.count
            if droppedBytes > worker.settings.lingerBytes { close() }
            return
        }
        var at = 0
        while at < bytes.count, phase == .open {
            let rest = bytes.extracting(at..<bytes.count)
            do throws(HTTP2Error) {
                at += try engine.receive(rest, now: worker.loop.now)
            } catch {
                hear(rest)
                giveUp(error)
                return
            }
            hear(rest)
        }
        noteHeadProgress()
    }

    private func noteHeadProgress() {
        let was = isAmidHead
        isAmidHead = engine.isAmidHead
        if isAmidHead, !was {
            headBegan = worker.loop.now
            watch(for: worker.patience.header)
        }
    }

    /// Draws the consequences of what was noted meanwhile.
    private func settle() {
        if phase == .closed { return }
        if isBroken {
            lose(.clientLeft)
            return
        }
        hear(Span())
        while !noted.isEmpty, phase == .open {
            swap(&noted, &notedNow)
            for stream in notedNow where stream.isNoted {
                stream.isNoted = false
                settle(stream)
            }
            notedNow.removeAll(keepingCapacity: true)
        }
    }

    // MARK: Writing

    func send(_ piece: Span<UInt8>, on stream: HTTP2Stream, for owner: ClientStream) {
        channel.willWrite(worker.loop)
        do throws(HTTP2StreamError) {
            try engine.send(piece, on: stream, into: &channel.output, limit: worker.settings.highWaterMark)
        } catch {
            switch error {
            case .body: owner.abort()
            case .connection: isBroken = true
            }
        }
    }

    /// Writes what may leave; false when that ended the connection.
    @discardableResult
    func pump() -> Bool {
        channel.willWrite(worker.loop)
        do throws(HTTP2Error) {
            try engine.write(into: &channel.output, limit: worker.settings.highWaterMark)
        } catch {
            let wasWorking = isWorking
            isWorking = true
            hear(Span())
            isWorking = wasWorking
            giveUp(error)
        }
        return phase != .closed
    }

    /// The sends of a turn, and what follows from them.
    private func flush() {
        while true {
            if phase == .open, !pump() { return }
            let waited = channel.waiting
            channel.push(worker.loop)
            if channel.sendFailed {
                isWorking = true
                lose(.clientLeft)
                isWorking = false
                return
            }
            // Frames that stood back for want of room go on while the kernel takes them.
            guard phase == .open, channel.waiting < waited, engine.wantsWrite else { break }
        }
        isWorking = true
        hear(Span())
        let someWrote = phase == .open && tellWhoWaitsForRoom()
        isWorking = false
        if someWrote || !noted.isEmpty { touch() }
        if channel.waiting > 0 { watch(for: worker.patience.send) }
        endIfOver()
    }

    /// True when somebody was told, and may have written.
    private func tellWhoWaitsForRoom() -> Bool {
        guard channel.waiting <= worker.settings.highWaterMark / 2 else { return false }
        var someWereTold = false
        for position in streams.indices {
            guard let owner = streams[position], owner.wasFull, let stream = owner.stream,
                stream.waiting <= ClientStream.highWaterMark / 2, let exchange = owner.exchange
            else { continue }
            owner.wasFull = false
            exchange.handler?.canSendMore(exchange)
            someWereTold = true
        }
        return someWereTold
    }

    // MARK: The end

    private func inputEnded() {
        peerHalfClosed = true
        switch phase {
        case .open: if openStreams == 0 { leave() } else { lose(.clientLeft) }
        case .flushing, .lingering, .closed: close()
        }
    }

    /// Ends the connection where nothing is left to be said in it.
    private func endIfOver() {
        if phase == .open {
            if isDraining, isKept, openStreams == 0 { sayGoodbye() }
            guard !engine.isOpen else { return }
            // Over with streams still open: the client broke a rule that ends the connection.
            isWorking = true
            failStreams(.protocolError)
            isWorking = false
            if phase == .open { phase = .flushing }
        }
        guard phase == .flushing, channel.waiting == 0 else { return }
        if peerHalfClosed {
            leave()
            return
        }
        phase = .lingering
        droppedBytes = 0
        lingerBegan = worker.loop.now
        watch(for: worker.patience.linger)
        channel.shutDownSending(worker.loop)
        touch()
    }

    /// Names the last stream, and with the last of them the connection ends.
    func sayGoodbye() {
        if !hasSaidGoodbye {
            hasSaidGoodbye = true
            engine.refuseFurtherStreams()
        }
        guard openStreams == 0, phase == .open else { return }
        if pump() {
            phase = .flushing
            channel.push(worker.loop)
        }
    }

    /// The client broke the protocol, or was a burden: it is told so, and nothing further is read.
    func giveUp(_ error: HTTP2Error) {
        guard phase == .open else { return }
        channel.willWrite(worker.loop)
        engine.writeFarewell(error, into: &channel.output)
        phase = .flushing
        let wasWorking = isWorking
        isWorking = true
        failStreams(.protocolError)
        isWorking = wasWorking
        if !wasWorking { touch() }
    }

    func lose(_ failure: ExchangeFailure) {
        if phase == .closed { return }
        phase = .flushing
        failStreams(failure)
        close()
    }

    func leave() {
        channel.sayGoodbye(worker.loop)
        close()
    }

    func close() {
        if phase == .closed { return }
        phase = .closed
        if let seat { worker.loop.forget(seat) }
        if let timer { worker.loop.timers.remove(timer) }
        seat = nil
        timer = nil
        channel.close(worker.loop)
        noted = []
        for position in streams.indices {
            guard let owner = streams[position] else { continue }
            streams[position] = nil
            forget(owner)
        }
        worker.left(slot)
    }

    // MARK: The worker's wishes

    func drain() {
        if isDraining { return }
        isDraining = true
        drainBegan = worker.loop.now
        if openStreams == 0, isKept, !worker.isHandingOver {
            sayGoodbye()
        } else {
            // What is on its way to us is still served, for a moment.
            engine.announceEnd()
            watch(for: worker.patience.grace)
        }
        touch()
    }

    func cutOff() { lose(.stopping) }
}
