package import Sockets
import Synchronization
import Telemetry
import Threads

/// Where the data plane meets the control plane: workers post requests, answers go back to the worker's mailbox.
///
/// Everything behind the desk is ordinary asynchronous code; it never sees a socket, and no worker waits for it.
package final class ControlDesk: Sendable {
    private let keeper: SessionKeeper
    private let refreshes: TokenRefreshes
    private let flows: Locked<Flows>
    private let metrics: GatewayMetrics
    private let mailboxes = Locked<[Mailbox<WorkerMessage>]>([])
    private let running = Atomic<Int>(0)

    /// More requests than this at once are refused as busy: a flood of anonymous navigations must not grow without end.
    private static let most = 20_000

    /// What the endpoints do, by the present configuration.
    package struct Flows: Sendable {
        let logins: LoginFlow
        let logouts: LogoutFlow
    }

    package init(keeper: SessionKeeper, refreshes: TokenRefreshes, flows: Flows, metrics: GatewayMetrics) {
        self.keeper = keeper
        self.refreshes = refreshes
        self.flows = Locked(flows)
        self.metrics = metrics
    }

    /// Tells the desk where worker `number`, the next one, gets its news.
    package func enroll(_ mailbox: Mailbox<WorkerMessage>) {
        mailboxes.withLock { $0.append(mailbox) }
        keeper.announce(to: mailbox)
    }

    /// Requests that come from now on are answered by these.
    func adopt(_ flows: Flows) { self.flows.withLock { $0 = flows } }

    /// Takes a request; its answer comes as ``WorkerMessage/news(_:_:)``.
    package func post(_ request: ControlRequest) {
        if running.add(1, ordering: .relaxed).newValue > Self.most, let key = request.key {
            running.subtract(1, ordering: .relaxed)
            send(.failure(.busy), to: key)
            return
        }
        // Detached from whoever asked: a client that hangs up changes nothing for the others (B32).
        Task {
            await handle(request)
            running.subtract(1, ordering: .relaxed)
        }
    }

    private func handle(_ request: ControlRequest) async {
        switch request {
        case .resolve(let key, let id, let site):
            send(.session(await keeper.resolve(id, site: site)), to: key)
        case .refresh(let key, let live):
            let result = await refreshes.refresh(live)
            if let key { send(.tokens(result), to: key) }
        case .renew(let key, let live, let version):
            send(.tokens(await refreshes.refresh(live, refused: version)), to: key)
        case .end(let live, let reason):
            await keeper.end(live, reason)
        case .review(let live):
            await keeper.review(live)
        case .catchUp:
            await keeper.follow()
        case .touch(let live):
            keeper.touch(live)
        case .signIn(let key, let request):
            send(await flows.withLock { $0.logins }.begin(request), to: key)
        case .endpoint(let key, let request):
            send(await answer(request), to: key)
        }
    }

    private func answer(_ request: EndpointRequest) async -> JourneyNews {
        let flows = flows.withLock { $0 }
        return switch request.endpoint {
        case .login: await flows.logins.login(request)
        case .callback: await flows.logins.callback(request)
        case .logout: await flows.logouts.logout(request)
        case .logoutCallback: await flows.logouts.callback(request)
        case .user, .session: .failure(.internalError)
        }
    }

    private func send(_ news: JourneyNews, to key: SlotKey) {
        let mailbox = mailboxes.withLock { Int(key.worker) < $0.count ? $0[Int(key.worker)] : nil }
        mailbox?.post(.news(key, news))
    }
}

extension ControlRequest {
    /// Who waits for the answer.
    var key: SlotKey? {
        switch self {
        case .resolve(let key, _, _), .signIn(let key, _), .endpoint(let key, _): key
        case .renew(let key, _, _): key
        case .refresh(let key, _): key
        case .end, .review, .catchUp, .touch: nil
        }
    }
}
