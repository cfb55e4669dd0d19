package import Threads
import Time

/// HTTP calls of the control plane, through libcurl on a thread of its own.
///
/// No redirects, no cookies, no netrc; TLS 1.2 or newer with certificate and name verified; every call has a time and a
/// size limit. Connections are kept and reused. Dropping the last reference ends the thread.
package final class Fetcher: Sendable {
    /// Limits of one fetcher.
    package struct Settings: Sendable {
        /// Calls at the same time.
        package var concurrent = 64
        /// Calls at the same time to one host.
        package var concurrentPerHost = 16
        /// Calls that wait for a place; more are refused as overloaded.
        package var waiting = 1024
        package var proxies = ProxyRules.current

        package init() {}
    }

    private let inbox = FetchInbox()

    package init(settings: Settings = Settings()) throws(ThreadError) {
        let inbox = inbox
        try Thread.start(name: "fetch") { FetchLoop(settings: settings, inbox: inbox).run() }.detach()
    }

    deinit { inbox.post(.stop) }

    /// Makes one call.
    ///
    /// Cancelling the task ends it with ``FetchFailure/cancelled``.
    package func fetch(_ request: FetchRequest) async throws(FetchFailure) -> FetchResponse {
        let id = inbox.nextID()
        let deadline = Instant.read() + request.timeout
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { reply in
                if !inbox.post(.start(id, request, deadline: deadline, reply)) {
                    reply.resume(returning: Result<FetchResponse, FetchFailure>.failure(.cancelled))
                }
                // A cancellation that came before the call was posted found nothing to end.
                if Task.isCancelled { inbox.post(.cancel(id)) }
            }
        } onCancel: {
            inbox.post(.cancel(id))
        }
        return try outcome.get()
    }

    /// Ends all calls with ``FetchFailure/cancelled`` and the thread.
    ///
    /// Later calls end at once.
    package func stop() { inbox.post(.stop) }
}
