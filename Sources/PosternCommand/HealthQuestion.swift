import Fetching
import Sockets
import Threads

/// Asks a running gateway for `/readyz`.
enum HealthQuestion {
    enum Answer: Sendable {
        case ready(String)
        case notReady(String)
        case noAnswer(String)
    }

    static func ask(_ address: ListenAddress, within limit: Duration) -> Answer {
        guard case .tcp(var host, let port) = address else {
            return .noAnswer("it is a unix socket: curl --unix-socket asks it")
        }
        // A listener on all addresses answers on the nearest one.
        if host == "0.0.0.0" { host = "127.0.0.1" }
        if host == "::" { host = "::1" }
        let done = Semaphore()
        let answer = Locked<Answer>(.noAnswer("timeout"))
        let url = "http://\(ListenAddress.tcp(host: host, port: port))/readyz"
        Task(priority: .medium) {
            let result = await fetch(url, limit)
            answer.withLock { $0 = result }
            done.signal()
        }
        done.wait()
        return answer.withLock { $0 }
    }

    private static func fetch(_ url: String, _ limit: Duration) async -> Answer {
        var settings = Fetcher.Settings()
        settings.proxies = .none
        guard let fetcher = try? Fetcher(settings: settings) else { return .noAnswer("no thread") }
        defer { fetcher.stop() }
        var request = FetchRequest(url: url)
        request.allowsPlainHTTP = true
        request.timeout = limit
        request.connectTimeout = limit
        do throws(FetchFailure) {
            let response = try await fetcher.fetch(request)
            let text = String(decoding: response.body, as: UTF8.self)
            return response.status == 200 ? .ready(text) : .notReady(text)
        } catch {
            return .noAnswer("\(error)")
        }
    }
}
