import CCurl
import Threads
import Time

/// The fetch thread: starts what callers ask for, lets libcurl work, hands out what is done.
final class FetchLoop {
    private let settings: Fetcher.Settings
    private let inbox: FetchInbox
    /// Running transfers; libcurl knows them by their easy handles.
    private var running: [UInt64: Transfer] = [:]
    private var runningPerOrigin: [String: Int] = [:]
    /// Transfers that wait for a place, oldest first.
    private var waiting: [Transfer] = []
    private var stopped = false

    init(settings: Fetcher.Settings, inbox: FetchInbox) {
        self.settings = settings
        self.inbox = inbox
    }

    /// Runs until told to stop.
    func run() {
        guard CurlLibrary.isReady, let multi = unsafe curl_multi_init() else {
            refuse(inbox.close())
            return
        }
        unsafe postern_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, settings.concurrent)
        unsafe inbox.open(FetchInbox.Waker(multi))
        while true {
            for message in inbox.takeAll() { unsafe receive(message, multi) }
            if stopped { break }
            unsafe startWaiting(multi)
            var active: Int32 = 0
            unsafe curl_multi_perform(multi, &active)
            // A place that became free may be taken at once.
            if unsafe collect(multi), !waiting.isEmpty { continue }
            unsafe curl_multi_poll(multi, nil, 0, pollTimeout, nil)
        }
        refuse(inbox.close())
        for transfer in running.values { unsafe end(transfer, multi) { $0.fail(.cancelled) } }
        for transfer in waiting { transfer.fail(.cancelled) }
        unsafe curl_multi_cleanup(multi)
    }

    private func refuse(_ messages: [FetchMessage]) {
        for case .start(_, _, _, let reply) in messages { reply.resume(returning: .failure(.cancelled)) }
    }

    private func receive(_ message: FetchMessage, _ multi: UnsafeMutableRawPointer) {
        switch message {
        case .start(let id, let request, let deadline, let reply):
            guard waiting.count < settings.waiting else {
                reply.resume(returning: .failure(.overloaded))
                return
            }
            do {
                waiting.append(
                    try Transfer(
                        id: id, request: request, deadline: deadline, proxies: settings.proxies, reply: reply))
            } catch {
                reply.resume(returning: .failure(error))
            }
        case .cancel(let id):
            if let transfer = running[id] {
                unsafe end(transfer, multi) { $0.fail(.cancelled) }
            } else if let index = waiting.firstIndex(where: { $0.id == id }) {
                waiting.remove(at: index).fail(.cancelled)
            }
        case .stop: stopped = true
        }
    }

    /// Starts transfers for which there is a place, in order; one crowded host does not hold up the others.
    private func startWaiting(_ multi: UnsafeMutableRawPointer) {
        if waiting.isEmpty { return }
        let now = Instant.read()
        var rest: [Transfer] = []
        for transfer in waiting {
            if transfer.deadline < now {
                transfer.fail(.overloaded)
            } else if running.count < settings.concurrent,
                runningPerOrigin[transfer.origin, default: 0] < settings.concurrentPerHost
            {
                unsafe start(transfer, multi, now)
            } else {
                rest.append(transfer)
            }
        }
        waiting = rest
    }

    private func start(_ transfer: Transfer, _ multi: UnsafeMutableRawPointer, _ now: Instant) {
        do {
            try transfer.prepare(now: now)
        } catch {
            transfer.fail(error)
            return
        }
        guard unsafe curl_multi_add_handle(multi, transfer.pointer) == CURLM_OK else {
            transfer.fail(.overloaded)
            return
        }
        running[transfer.id] = transfer
        runningPerOrigin[transfer.origin, default: 0] += 1
    }

    /// Hands out finished transfers; true when there were any.
    private func collect(_ multi: UnsafeMutableRawPointer) -> Bool {
        var any = false
        var left: Int32 = 0
        while let message = unsafe curl_multi_info_read(multi, &left) {
            guard unsafe message.pointee.msg == CURLMSG_DONE else { continue }
            let code = unsafe postern_curl_message_code(message)
            let handle = unsafe message.pointee.easy_handle
            guard let transfer = running.values.first(where: { unsafe $0.pointer == handle }) else { continue }
            unsafe end(transfer, multi) { $0.finish(code) }
            any = true
        }
        return any
    }

    private func end(_ transfer: Transfer, _ multi: UnsafeMutableRawPointer, _ answer: (Transfer) -> Void) {
        unsafe curl_multi_remove_handle(multi, transfer.pointer)
        running[transfer.id] = nil
        let others = runningPerOrigin[transfer.origin, default: 1] - 1
        runningPerOrigin[transfer.origin] = others == 0 ? nil : others
        answer(transfer)
    }

    /// Milliseconds; libcurl's own timers wake it earlier.
    private var pollTimeout: Int32 {
        guard let first = waiting.map(\.deadline).min() else { return 60_000 }
        return Int32(clamping: max(1, first.since(Instant.read()).milliseconds + 1))
    }
}
