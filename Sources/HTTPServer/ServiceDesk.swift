private import Bytes
import HTTP
import Sockets
import Time

/// What reaches a service's thread from elsewhere.
enum ServiceMessage: Sendable {
    case answer(SlotKey, ServiceResponse)
    /// Of a conversation: a piece, the wish to hear more, the end.
    case piece(SlotKey, [UInt8])
    case more(SlotKey)
    case finish(SlotKey)
    case stop(drain: Duration, handingOver: Bool)
}

/// The thread of a ``ServiceHost``: makes handlers, and carries answers back to their exchanges.
final class ServiceDesk: HandlerSource, TimerTarget {
    let loop: EventLoop
    private(set) lazy var worker = ServerWorker(
        loop: loop, settings: settings, limit: ConnectionLimit(most: settings.connections), source: self)
    let service: any HTTPService
    let mailbox: Mailbox<ServiceMessage>
    let largestBody: Int
    private let settings: ServerSettings
    private var idle: [ServiceExchange] = []

    init(
        _ service: any HTTPService, _ mailbox: Mailbox<ServiceMessage>, _ settings: ServerSettings, _ largestBody: Int
    ) throws(SystemError) {
        loop = try EventLoop()
        self.service = service
        self.mailbox = mailbox
        self.settings = settings
        self.largestBody = largestBody
        try mailbox.deliver(on: loop) { [unowned self] message in take(message) }
    }

    func handler(for exchange: Exchange) -> any ExchangeHandler { idle.popLast() ?? ServiceExchange(self) }

    func isFree(_ handler: ServiceExchange) { idle.append(handler) }

    private func take(_ message: ServiceMessage) {
        switch message {
        case .answer(let key, let response):
            // A client that has left is nobody's loss.
            if let exchange = worker.exchange(key) { Self.send(response, on: exchange) }
        case .piece(let key, let bytes):
            guard let exchange = worker.exchange(key) else { return }
            exchange.send(bytes.span)
            // Nobody waits for a client here: what it does not take would pile up.
            if !exchange.canSend { exchange.abort() }
        case .more(let key): worker.exchange(key)?.resumeReading()
        case .finish(let key): worker.exchange(key)?.finish()
        case .stop(let drain, let handingOver):
            worker.drained = { [unowned self] in loop.stop() }
            worker.drain(handingOver: handingOver)
            loop.timers.set(loop.timers.add(self), loop.now + drain)
        }
    }

    func deadlinePassed(_ timer: TimerWheel.Timer) {
        worker.closeAll()
        loop.stop()
    }

    static func send(_ response: ServiceResponse, on exchange: Exchange) {
        var fields = Fields()
        for (name, value) in response.headers where !fields.appendIfValid(name: name, value: value) {
            // A service that builds a field from what a stranger sent must not break the message (G36).
            send(.text("The answer could not be written.\n", status: 500), on: exchange)
            return
        }
        guard response.conversation != nil else {
            let status = (200...599).contains(response.status) ? response.status : 500
            exchange.answer(status, fields, body: response.body.span)
            return
        }
        exchange.allowStillness(Delay(.seconds(3600)))
        if exchange.head.isUpgrade {
            exchange.switchProtocols(fields)
        } else {
            exchange.sendHead(response.status, fields, framing: .unknown)
        }
    }
}

/// Collects one request and waits for its answer.
final class ServiceExchange: ExchangeHandler {
    private unowned let desk: ServiceDesk
    private var body: [UInt8] = []
    private var isRefused = false
    private var task: Task<Void, Never>?
    /// Takes what comes through a WebSocket.
    private var incoming: AsyncStream<[UInt8]>.Continuation?

    init(_ desk: ServiceDesk) { self.desk = desk }

    func began(_ exchange: Exchange) {
        if case .length(let length) = exchange.head.framing, length > desk.largestBody {
            refuse(exchange)
        } else {
            exchange.sendContinue()
        }
    }

    func received(_ exchange: Exchange, _ piece: Span<UInt8>) {
        if isRefused { return }
        if let incoming {
            exchange.pauseReading()
            incoming.yield([UInt8](piece))
            return
        }
        guard piece.count <= desk.largestBody - body.count else {
            refuse(exchange)
            return
        }
        body += [UInt8](piece)
    }

    private func refuse(_ exchange: Exchange) {
        isRefused = true
        ServiceDesk.send(.text("The body is too large.\n", status: 413), on: exchange)
    }

    func ended(_ exchange: Exchange) {
        if isRefused { return }
        if let incoming {
            incoming.finish()
            return
        }
        let request = ServiceRequest(exchange, body: body)
        let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        if exchange.head.isUpgrade { incoming = continuation } else { continuation.finish() }
        task = Task { [service = desk.service, mailbox = desk.mailbox, key = exchange.key] in
            let response = await service.respond(to: request)
            mailbox.post(.answer(key, response))
            guard let conversation = response.conversation else { return }
            await conversation.run(ServiceLine(key, mailbox, stream))
            mailbox.post(.finish(key))
        }
    }

    func canSendMore(_ exchange: Exchange) {}

    func failed(_ exchange: Exchange, _ failure: ExchangeFailure) {
        task?.cancel()
        reset()
    }

    func finished(_ exchange: Exchange) {
        // A conversation may not have heard of its end.
        task?.cancel()
        reset()
    }

    private func reset() {
        body = []
        isRefused = false
        task = nil
        incoming?.finish()
        incoming = nil
        desk.isFree(self)
    }
}
