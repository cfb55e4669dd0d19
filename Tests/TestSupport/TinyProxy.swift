import Bytes
import HTTP
import HTTPClient
package import HTTPServer
import Sockets
import Threads

/// A reverse proxy of a hundred lines: what the two faces of the machinery need from each other, and nothing else.
package final class TinyProxy: HandlerSource {
    package let loop: EventLoop
    package private(set) lazy var worker = ServerWorker(
        loop: loop, settings: settings, limit: ConnectionLimit(most: settings.connections), source: self)
    package let pool: UpstreamPool
    private let settings: ServerSettings
    private var idle: [ProxiedExchange] = []
    /// Exchanges that ended by `failed`, and why upstreams failed.
    package fileprivate(set) var failures: [ExchangeFailure] = []
    package fileprivate(set) var upstreamFailures: [UpstreamFailure] = []
    /// Of each of the latter, whether anything of the request may have reached a server.
    package fileprivate(set) var failedAfterSending: [Bool] = []
    package private(set) var refusals: [Refusal] = []
    /// Wait for the application before asking for a body (`Expect`).
    package var forwardsExpectations = false

    package init(
        loop: EventLoop, settings: ServerSettings, upstream: UpstreamSettings, tls: UpstreamTLS?, resolver: Resolver
    ) throws {
        self.loop = loop
        self.settings = settings
        pool = try UpstreamPool(settings: upstream, tls: tls, loop: loop, resolver: resolver)
    }

    package func handler(for exchange: Exchange) -> any ExchangeHandler {
        idle.popLast() ?? ProxiedExchange(self)
    }

    package func refuse(_ refusal: Refusal, fields: inout Fields, body: inout ByteBuffer) {
        refusals.append(refusal)
        fields.append(.contentType, text: "text/plain")
        body.append(utf8: refusal.reason.description)
    }

    fileprivate func isFree(_ exchange: ProxiedExchange) { idle.append(exchange) }
}

/// One request on its way through.
package final class ProxiedExchange: ExchangeHandler, UpstreamHandler {
    private unowned let proxy: TinyProxy
    private var exchange: Exchange?
    private var stream: UpstreamStream?
    private var isReady = false
    private var requestHasEnded = false
    private var fields = Fields()

    fileprivate init(_ proxy: TinyProxy) { self.proxy = proxy }

    // MARK: From the client

    package func began(_ exchange: Exchange) {
        self.exchange = exchange
        isReady = false
        requestHasEnded = false
        if exchange.bodyIsExpected { exchange.pauseReading() }
        let stream = proxy.pool.open(for: self)
        self.stream = stream
    }

    package func received(_ exchange: Exchange, _ piece: Span<UInt8>) {
        stream?.send(piece)
        if let stream, !stream.canSend { exchange.pauseReading() }
    }

    package func ended(_ exchange: Exchange) {
        requestHasEnded = true
        if isReady { finishRequest() }
    }

    package func canSendMore(_ exchange: Exchange) { stream?.resume() }

    package func failed(_ exchange: Exchange, _ failure: ExchangeFailure) {
        proxy.failures.append(failure)
        release()
    }

    package func finished(_ exchange: Exchange) { release() }

    private func release() {
        stream?.cancel()
        stream = nil
        exchange = nil
        proxy.isFree(self)
    }

    // MARK: From the upstream

    package func upstreamReady(_ stream: UpstreamStream) {
        guard let exchange else { return }
        isReady = true
        // This may come before `open` has returned.
        self.stream = stream
        let head = exchange.head
        fields.clear()
        fields.append(.host, utf8: stream.server.authority)
        for index in 0..<head.fields.count
        where !HopByHop.contains(head.fields, index) && head.fields.known(index) != .host {
            if head.fields.known(index) == .expect, !proxy.forwardsExpectations { continue }
            fields.copy(index, of: head.fields)
        }
        if head.acceptsTrailers { fields.append(.te, text: "trailers") }
        if head.isUpgrade { fields.append(.upgrade, text: "websocket") }
        stream.sendHead(method: head.methodBytes, target: head.target, fields, framing: head.framing)
        if !proxy.forwardsExpectations { exchange.sendContinue() }
        exchange.resumeReading()
        if requestHasEnded { finishRequest() }
    }

    private func finishRequest() {
        guard let exchange, let stream else { return }
        if exchange.hasTrailers { stream.finish(trailers: exchange.trailers) } else { stream.finish() }
    }

    package func upstreamInterim(_ stream: UpstreamStream, _ head: ResponseHead) {
        if head.status == 100 {
            exchange?.sendContinue()
            return
        }
        copy(head)
        exchange?.sendInterim(head.status, fields)
    }

    package func upstreamResponded(_ stream: UpstreamStream, _ head: ResponseHead) {
        guard let exchange else { return }
        copy(head)
        if head.status == 101 {
            fields.append(.upgrade, text: "websocket")
            exchange.switchProtocols(fields)
            return
        }
        exchange.sendHead(head.status, reason: head.reason, fields, framing: framing(of: head, exchange))
    }

    private func copy(_ head: ResponseHead) {
        fields.clear()
        for index in 0..<head.fields.count where !HopByHop.contains(head.fields, index) {
            fields.copy(index, of: head.fields)
        }
    }

    private func framing(of head: ResponseHead, _ exchange: Exchange) -> ResponseFraming {
        switch head.framing {
        case .length(let length): .length(length)
        case .chunked, .untilClose: .unknown
        case .none:
            if let value = head.fields.value(of: .contentLength), let text = String(strictUTF8: value),
                let length = Int(text)
            {
                .length(length)
            } else {
                .none
            }
        }
    }

    package func upstreamReceived(_ stream: UpstreamStream, _ piece: Span<UInt8>) {
        exchange?.send(piece)
        if let exchange, !exchange.canSend { stream.pause() }
    }

    package func upstreamEnded(_ stream: UpstreamStream) {
        if stream.hasTrailers { exchange?.finish(trailers: stream.trailers) } else { exchange?.finish() }
        self.stream = nil
    }

    package func upstreamCanSendMore(_ stream: UpstreamStream) { exchange?.resumeReading() }

    package func upstreamFailed(_ stream: UpstreamStream, _ failure: UpstreamFailure) {
        proxy.upstreamFailures.append(failure)
        proxy.failedAfterSending.append(stream.hasSent)
        self.stream = nil
        guard let exchange else { return }
        if exchange.status == 0 {
            fields.clear()
            exchange.answer(failure.isTimeout ? 504 : 502, fields, body: "bad gateway\n".utf8Span.span)
        } else {
            exchange.abort()
        }
    }
}

/// A ``TinyProxy`` on a thread of its own.
package final class RunningProxy: Sendable {
    package let port: UInt16
    package let thread: LoopThread<TinyProxy>
    private let resolver: Resolver

    /// In front of servers on 127.0.0.1.
    package convenience init(
        to upstreamPorts: UInt16..., settings: ServerSettings = ServerSettings(),
        _ adjust: @Sendable (inout UpstreamSettings) -> Void = { _ in }
    ) throws {
        let servers = upstreamPorts.compactMap { UpstreamServer("http://127.0.0.1:\($0)") }
        var upstream = UpstreamSettings(name: "test", servers: servers)
        adjust(&upstream)
        try self.init(settings: settings, upstream: upstream)
    }

    package init(
        settings: ServerSettings, upstream: UpstreamSettings, tls: UpstreamTLS? = nil, rules: PortRules = PortRules()
    ) throws {
        let listener = try ListeningSocket.open(.tcp(host: "127.0.0.1", port: 0))[0]
        port = listener.address.port ?? 0
        let resolver = try Resolver(threads: 1)
        self.resolver = resolver
        thread = try LoopThread { loop in
            let proxy = try TinyProxy(
                loop: loop, settings: settings, upstream: upstream, tls: tls, resolver: resolver)
            try proxy.worker.listen(on: listener, rules)
            return proxy
        }
    }

    package func stop() {
        thread.perform { proxy in
            proxy.worker.closeAll()
            proxy.pool.retire()
        }
        thread.stop()
        resolver.stop()
    }
}
