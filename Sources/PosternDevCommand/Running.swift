import DevIdentityProvider
import HTTPServer
import Sockets
private import Threads

/// What runs until somebody says stop.
enum Running {
    /// Opens `service` on `address`; a port that is taken is named.
    ///
    /// - Parameter isMovable: `--listen` puts this part elsewhere.
    static func host(
        _ service: any HTTPService, on address: ListenAddress, name: String, isMovable: Bool = true
    ) throws(Mistake) -> ServiceHost {
        do {
            return try ServiceHost(listeners: [address], service: service, name: name)
        } catch let error as ListenError {
            throw .unavailable(explanation(of: error, isMovable: isMovable))
        } catch {
            throw .internal("the \(name) did not start: \(error)")
        }
    }

    /// What a person reads when a port cannot be had.
    static func explanation(of error: ListenError, isMovable: Bool = true) -> String {
        guard error.isBusy else { return "\(error)" }
        let remedy =
            isMovable ? "stop it, or choose another address with --listen" : "stop it; this part has no other address"
        return "\(error.address) is in use by another program: \(remedy)"
    }

    /// Waits until the program shall end; meanwhile SIGUSR2 gives `provider` new signing keys.
    ///
    /// SIGTERM and SIGINT end it, and so does the terminal when it is closed. A second signal ends it at once.
    static func untilStopped(provider: DevProvider? = nil) {
        var signal = Signals.wait()
        while signal == .handOver {
            if let provider { rotate(provider) }
            signal = Signals.wait()
        }
        let watcher = try? Thread.start(name: "signals") {
            while Signals.wait() == .handOver {}
            Exit.end(.good)
        }
        watcher?.detach()
        if watcher == nil { Output.complain("a second signal will not be heard") }
    }

    private static func rotate(_ provider: DevProvider) {
        do {
            try provider.rotateKeys()
            Output.complain("signing with a new key from now on; the old one stays published for a while")
        } catch {
            Output.complain("no new key could be made: \(error)")
        }
    }
}
