import Bytes
private import Formats
import HTTP
package import Sockets
private import Time

/// One worker's share of a server: its listeners, its connections, and the exchanges they borrow.
package final class ServerWorker {
    package let loop: EventLoop
    /// The worker's number in ``SlotKey``.
    package let index: UInt16
    // Seen from outside by a getter: what others can reach is watched at each access.
    private var present: ServerSettings
    package var settings: ServerSettings { present }
    private(set) var patience: ServerPatience
    let limit: ConnectionLimit
    /// Outlives the worker.
    unowned let source: any HandlerSource

    private var ports: [ListeningPort] = []
    private var connections = Slab<any ServedConnection>()
    private var handshakes = HandshakeQueue()
    private var greetings = Slab<ProxyGreeting>()
    /// Every exchange ever made here, by slot, and those that nobody has; boxed, since each change is one statement.
    private var exchanges: [Exchange] = []
    private let idleExchanges = Box([Exchange]())
    private var idleStreams: [ClientStream] = []
    /// Memory of all HTTP/2 sessions of this worker.
    let http2Memory = HTTP2Memory()
    private var dateSecond = Int64.min
    private var dateTurn = -1
    let date = BufferBox(capacity: 32)

    /// No new connections, no further exchange on old ones.
    package private(set) var isDraining = false
    /// Draining, while another process takes whoever comes.
    private(set) var isHandingOver = false
    /// Called once the last connection of a draining worker is gone.
    package var drained: (() -> Void)?

    package init(
        loop: EventLoop, index: UInt16 = 0, settings: ServerSettings, limit: ConnectionLimit, source: any HandlerSource
    ) {
        self.loop = loop
        self.index = index
        present = settings
        patience = ServerPatience(settings)
        self.limit = limit
        self.source = source
    }

    /// Accepts on `socket` from now on.
    @discardableResult
    package func listen(
        on socket: ListeningSocket, _ rules: PortRules = PortRules()
    ) throws(SystemError) -> ListeningPort {
        let port = try ListeningPort(self, socket, rules)
        ports.append(port)
        return port
    }

    /// Stops accepting on one of the ports; its connections go on.
    package func close(_ port: ListeningPort) {
        port.close()
        ports.removeAll { $0 === port }
        reportIfDrained()
    }

    /// Takes other settings; limits of messages count for connections that come from now on.
    package func change(to settings: ServerSettings) {
        present = settings
        patience = ServerPatience(settings)
    }

    /// Open connections of this worker.
    package var connectionCount: Int { connections.count }

    /// Handshakes under way.
    package var handshakeCount: Int { handshakes.count }

    /// The exchange that `key` means; nil when it is over.
    package func exchange(_ key: SlotKey) -> Exchange? {
        guard key.worker == index, Int(key.slot) < exchanges.count else { return nil }
        let found = exchanges[Int(key.slot)]
        return found.isOpen && found.key == key ? found : nil
    }

    /// Stops accepting, closes what is idle, and lets every running exchange be the last of its connection.
    ///
    /// Clients that already wait in a listener's queue are accepted first: closing a listener resets them. Where another
    /// process serves the same queues (`handingOver`) there is no hurry: a client that is idle may be about to ask, so its
    /// next answer tells it to come again on another connection, and only silence closes the one it has.
    package func drain(handingOver: Bool = false) {
        if isDraining { return }
        isDraining = true
        isHandingOver = handingOver
        for port in ports { handingOver ? port.leave() : port.close() }
        if !handingOver { ports = [] }
        for connection in connections.all { connection.drain() }
        reportIfDrained()
    }

    /// Closes everything that is still open.
    package func closeAll() {
        drain()
        for port in ports { port.close() }
        ports = []
        for greeting in greetings.all { greeting.leave(nil) }
        for connection in connections.all { connection.cutOff() }
    }

    private func reportIfDrained() {
        guard isDraining, ports.isEmpty, connections.count == 0, greetings.count == 0 else { return }
        let report = drained
        drained = nil
        report?()
    }

    // MARK: For connections

    /// A connection has been accepted, and has its place.
    func arrived(_ socket: consuming Socket, _ peer: PeerAddress, _ rules: PortRules) {
        guard let proxies = rules.proxies else {
            adopt(socket, peer, rules)
            return
        }
        guard proxies.contains(peer) else {
            limit.leave()
            source.turnedAway(peer, "proxy_protocol_untrusted")
            return
        }
        let greeting = ProxyGreeting(self, socket, peer, rules)
        let slot = greetings.insert(greeting)
        if !greeting.open(slot) { greeting.leave(nil) }
    }

    /// A proxy has said whom it speaks for.
    func greeted(_ slot: Slot, _ socket: consuming Socket, _ client: PeerAddress, _ rules: PortRules) {
        greetings.remove(slot)
        adopt(socket, client, rules)
    }

    func greetingFailed(_ slot: Slot) {
        greetings.remove(slot)
        left()
    }

    private func adopt(_ socket: consuming Socket, _ peer: PeerAddress, _ rules: PortRules) {
        var cipher: (any ByteCipher)?
        if let ciphers = rules.ciphers {
            guard let made = ciphers.makeCipher() else {
                left()
                return
            }
            cipher = made
        }
        let connection = ClientConnection(self, socket, peer, cipher, mayBeHTTP2: rules.http2 && cipher == nil)
        let slot = connections.insert(connection)
        if !connection.open(slot) {
            connections.remove(slot)
            limit.leave()
        } else {
            if cipher != nil { handshakeBegan(slot) }
            if isDraining { connections[slot]?.drain() }
        }
    }

    /// Takes the connection in `slot` over from HTTP/1.
    func goOnInHTTP2(
        _ channel: consuming Channel, _ peer: PeerAddress, _ slot: Slot, prefaceWasRead: Bool
    ) {
        let connection = HTTP2Connection(self, channel, peer, slot)
        connections.replace(slot, with: connection)
        guard connection.open() else {
            left(slot)
            return
        }
        if isDraining { connection.drain() }
        connection.begin(prefaceWasRead: prefaceWasRead)
    }

    private func handshakeBegan(_ slot: Slot) {
        handshakes.tidy { isHandshaking($0) }
        handshakes.began(slot)
        guard handshakes.count > settings.handshakes else { return }
        if let oldest = handshakes.takeOldest({ isHandshaking($0) }) { connections[oldest]?.crowdedOut() }
    }

    private func isHandshaking(_ slot: Slot) -> Bool { connections[slot]?.isHandshaking ?? false }

    func handshakeEnded(_ outcome: HandshakeOutcome, _ peer: PeerAddress) {
        handshakes.ended()
        source.handshakeEnded(outcome, peer)
    }

    func left(_ slot: Slot) {
        connections.remove(slot)
        left()
    }

    private func left() {
        limit.leave()
        for port in ports { port.placeIsFree() }
        reportIfDrained()
    }

    func borrowStream() -> ClientStream { idleStreams.popLast() ?? ClientStream() }

    func returnStream(_ stream: ClientStream) {
        if idleStreams.count < 1024 { idleStreams.append(stream) }
    }

    func borrowExchange() -> Exchange {
        if let exchange = idleExchanges.value.popLast() { return exchange }
        let exchange = Exchange(worker: index, slot: exchanges.count)
        exchanges.append(exchange)
        return exchange
    }

    /// Beyond so many idle exchanges none keeps memory for the next head.
    private static let exchangesWithMemory = 1024

    func returnExchange(_ exchange: Exchange) {
        exchange.end()
        if idleExchanges.value.count >= Self.exchangesWithMemory { exchange.release() }
        idleExchanges.value.append(exchange)
    }

    /// The value of `Date`, written anew once a second.
    func refreshDate() {
        // Once a turn is often enough to look.
        if loop.turns == dateTurn { return }
        dateTurn = loop.turns
        let now = loop.wallTime
        if now.seconds == dateSecond { return }
        dateSecond = now.seconds
        date.buffer.clear()
        HTTPDate.write(now, into: &date.buffer)
    }

    /// Writes a refusal through `engine`.
    func write(_ refusal: Refusal, _ engine: inout HTTP1ServerEngine, into output: inout ByteBuffer) {
        var fields = Fields()
        var body = ByteBuffer()
        source.refuse(refusal, fields: &fields, body: &body)
        let before = output.count
        write(refusal.status, fields, body.bytes, &engine, into: &output)
        source.refused(refusal, bytesOut: output.count - before)
    }

    /// Writes through `engine` what a client gets that sent plain HTTP to an encrypted port.
    ///
    /// None of the source's own fields: what they promise (HSTS; RFC 6797, section 7.2) is not for plain connections.
    func writeHintAboutTLS(_ engine: inout HTTP1ServerEngine, into output: inout ByteBuffer) {
        var fields = Fields()
        fields.append(.contentType, text: "text/plain")
        let hint: StaticString = "This port speaks TLS, and got plain HTTP: ask it by https.\n"
        var body = ByteBuffer()
        body.append(hint)
        write(400, fields, body.bytes, &engine, into: &output)
    }

    private func write(
        _ status: Int, _ fields: borrowing Fields, _ body: Span<UInt8>, _ engine: inout HTTP1ServerEngine,
        into output: inout ByteBuffer
    ) {
        refreshDate()
        let date = date
        engine.closeAfterResponse()
        engine.writeHead(
            status, reason: nil, fields, framing: .length(body.count), date: date.buffer.bytes, into: &output)
        // The length above is that of the body below, so neither call can fail.
        try? engine.writeBody(body, into: &output)
        try? engine.writeEnd(into: &output)
    }
}
