import Bytes
import HTTP
import HTTPServer
import Sockets
import TestSupport
import Threads

/// A handler made of closures, which keeps a diary in its server.
final class ClosureHandler: ExchangeHandler {
    private unowned let server: TestServer
    var onBegan: (Exchange) -> Void = { _ in }
    var onReceived: (Exchange, [UInt8]) -> Void = { _, _ in }
    var onEnded: (Exchange) -> Void = { _ in }
    var onCanSendMore: (Exchange) -> Void = { _ in }
    var onFailed: (Exchange, ExchangeFailure) -> Void = { _, _ in }
    var onFinished: (Exchange) -> Void = { _ in }
    /// What has been received.
    var body: [UInt8] = []

    init(_ server: TestServer) { self.server = server }

    func began(_ exchange: Exchange) {
        server.note("began")
        onBegan(exchange)
    }
    func received(_ exchange: Exchange, _ piece: Span<UInt8>) {
        body += [UInt8](piece)
        onReceived(exchange, [UInt8](piece))
    }
    func ended(_ exchange: Exchange) {
        server.note("ended")
        onEnded(exchange)
    }
    func canSendMore(_ exchange: Exchange) { onCanSendMore(exchange) }
    func failed(_ exchange: Exchange, _ failure: ExchangeFailure) {
        server.note("failed \(failure)")
        onFailed(exchange, failure)
    }
    func finished(_ exchange: Exchange) {
        server.note("finished")
        onFinished(exchange)
    }
}

/// A server whose handlers are set up by a closure.
final class TestServer: HandlerSource {
    let loop: EventLoop
    var port: UInt16 = 0
    private(set) lazy var worker = ServerWorker(
        loop: loop, index: 3, settings: settings, limit: ConnectionLimit(most: settings.connections), source: self)
    private let settings: ServerSettings
    private let setUp: (ClosureHandler) -> Void
    private(set) var diary: [String] = []
    /// The exchange begun last.
    private(set) var current: Exchange?
    /// All of them.
    private(set) var begun: [Exchange] = []

    init(_ loop: EventLoop, _ settings: ServerSettings, _ setUp: @escaping (ClosureHandler) -> Void) {
        self.loop = loop
        self.settings = settings
        self.setUp = setUp
    }

    func note(_ event: String) { diary.append(event) }

    func handler(for exchange: Exchange) -> any ExchangeHandler {
        current = exchange
        begun.append(exchange)
        let handler = ClosureHandler(self)
        setUp(handler)
        return handler
    }

    func refuse(_ refusal: Refusal, fields: inout Fields, body: inout ByteBuffer) {
        note("refused \(refusal.status) \(refusal.reason)")
        fields.append(.contentType, text: "text/plain")
        body.append(utf8: refusal.reason.description)
    }

    func handshakeEnded(_ outcome: HandshakeOutcome, _ peer: PeerAddress) {
        switch outcome {
        case .done(let isResumed): note(isResumed ? "handshake resumed" : "handshake done")
        case .failed(let reason): note("handshake failed \(reason)")
        }
    }

    func refused(_ refusal: Refusal, bytesOut: Int) {
        if refusal.isUnheard { note("unheard: \(refusal.bytesIn) bytes, answered with \(bytesOut)") }
    }

    func turnedAway(_ peer: PeerAddress, _ reason: StaticString) { note("turned away \(reason)") }
}

/// A ``TestServer`` on a thread of its own.
final class RunningServer: Sendable {
    let port: UInt16
    let thread: LoopThread<TestServer>

    init(
        _ settings: ServerSettings = ServerSettings(), _ rules: PortRules = PortRules(http2: true),
        _ setUp: @escaping @Sendable (ClosureHandler) -> Void
    ) throws {
        let listener = try ListeningSocket.open(.tcp(host: "127.0.0.1", port: 0))[0]
        port = listener.address.port ?? 0
        thread = try LoopThread { loop in
            let server = TestServer(loop, settings, setUp)
            server.port = listener.address.port ?? 0
            try server.worker.listen(on: listener, rules)
            return server
        }
    }

    var diary: [String] { thread.perform { $0.diary } }

    func waitFor(_ event: String) throws {
        try eventually("\(event) in \(diary)") { diary.contains(event) }
    }

    func connect() throws -> ScriptedPeer { try RawClient.connect(port: port) }

    func stop() {
        thread.perform { $0.worker.closeAll() }
        thread.stop()
    }
}

extension Exchange {
    func answer(_ status: Int, _ text: String) {
        let fields = Fields()
        answer(status, fields, body: text.utf8Span.span)
    }

    func answer(_ text: String) { answer(200, text) }

    func begin(_ status: Int = 200, framing: ResponseFraming = .unknown) {
        let fields = Fields()
        sendHead(status, fields, framing: framing)
    }

    func send(_ text: String) { send(text.utf8Span.span) }

    var path: String {
        let head = head
        return String(strictUTF8: head.path) ?? ""
    }
}
