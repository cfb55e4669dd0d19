import Bytes
import HTTP
import Sockets
import Time

/// Asks one server at regular times whether it is well, and tells its endpoint.
final class HealthProbe: UpstreamHandler, TimerTarget {
    private unowned let pool: UpstreamPool
    private unowned let endpoint: UpstreamEndpoint
    private let rule: UpstreamSettings.HealthCheck
    private let interval: Delay
    private var timer: TimerWheel.Timer?
    private var stream: UpstreamStream?
    private var answerIsGood = false
    private var state = HealthState()

    init(_ pool: UpstreamPool, _ endpoint: UpstreamEndpoint, _ rule: UpstreamSettings.HealthCheck) {
        self.pool = pool
        self.endpoint = endpoint
        self.rule = rule
        interval = Delay(rule.interval)
        let timer = pool.loop.timers.add(self)
        self.timer = timer
        // The first question at once: a server that was never well should not get the first requests.
        pool.loop.timers.set(timer, pool.loop.now)
    }

    func stop() {
        if let timer { pool.loop.timers.remove(timer) }
        timer = nil
        stream?.cancel()
        stream = nil
    }

    func deadlinePassed(_ timer: TimerWheel.Timer) {
        if let late = stream {
            late.cancel()
            stream = nil
            judge(false)
        }
        pool.loop.timers.set(timer, pool.loop.now + interval)
        stream = pool.open(on: endpoint, for: self)
    }

    func upstreamReady(_ stream: UpstreamStream) {
        var fields = Fields()
        fields.append(.host, utf8: endpoint.server.authority)
        fields.append(.userAgent, text: "postern-health")
        stream.sendHead(method: "GET".utf8Span.span, target: rule.path.utf8Span.span, fields, framing: .none)
        stream.finish()
    }

    func upstreamResponded(_ stream: UpstreamStream, _ head: ResponseHead) {
        answerIsGood = (200...399).contains(head.status)
    }

    func upstreamEnded(_ stream: UpstreamStream) {
        self.stream = nil
        judge(answerIsGood)
    }

    func upstreamFailed(_ stream: UpstreamStream, _ failure: UpstreamFailure) {
        self.stream = nil
        // Where we have no means to ask, nothing was learnt.
        if failure != .overloaded { judge(false) }
    }

    func upstreamInterim(_ stream: UpstreamStream, _ head: ResponseHead) {}
    func upstreamReceived(_ stream: UpstreamStream, _ piece: Span<UInt8>) {}
    func upstreamCanSendMore(_ stream: UpstreamStream) {}

    private func judge(_ isGood: Bool) {
        state.note(isGood, rule)
        endpoint.isUnhealthy = !state.isHealthy
    }
}

/// Counts answers in a row.
///
/// Pure.
struct HealthState: Equatable {
    private(set) var isHealthy = true
    private var inARow = 0

    /// A verdict changes after so many answers in a row that speak against it.
    mutating func note(_ isGood: Bool, _ rule: UpstreamSettings.HealthCheck) {
        if isGood == isHealthy {
            inARow = 0
            return
        }
        inARow += 1
        if inARow >= (isGood ? rule.healthy : rule.unhealthy) {
            isHealthy = isGood
            inARow = 0
        }
    }
}
