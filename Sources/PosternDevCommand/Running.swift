import HTTPServer
import Sockets
private import Threads

/// What runs until somebody says stop.
enum Running {
    /// Opens `service` on `listen`; a port that is taken is named.
    static func host(_ service: any HTTPService, on address: ListenAddress, name: String) throws(Mistake) -> ServiceHost
    {
        do {
            return try ServiceHost(listeners: [address], service: service, name: name)
        } catch let error as ListenError {
            throw .unavailable(explanation(of: error))
        } catch {
            throw .internal("the \(name) did not start: \(error)")
        }
    }

    /// What a person reads when a port cannot be had.
    static func explanation(of error: ListenError) -> String {
        error.isBusy
            ? "\(error.address) is in use by another program: stop it, or choose another address with --listen"
            : "\(error)"
    }

    /// Waits for SIGTERM or SIGINT; a second one ends the program at once.
    static func untilStopped() {
        while Signals.wait() != .stop {}
        let watcher = try? Thread.start(name: "signals") {
            while Signals.wait() != .stop {}
            Exit.end(.good)
        }
        if watcher == nil { Output.complain("a second signal will not be heard") }
    }
}
