import Administration
import Gateway
import Sockets

/// A gateway that has started, with everything that belongs to it.
struct RunningGateway: Sendable {
    let process: GatewayProcess
    let reload: ConfigurationReload
    let port: AdministrationPort?
    /// What a service manager has opened and nobody wanted.
    let unclaimed: [Bequest]

    /// All listeners, for another process.
    var bequests: [Bequest] { process.bequests + (port?.bequests ?? []) + unclaimed }

    /// Takes over what the predecessor leaves, and tells whoever waits that we serve.
    func begin(_ inheritance: Inheritance, notifying manager: String?) {
        guard let predecessor = inheritance.predecessor else {
            // In a hand-over the old process says it, which is whom the manager listens to.
            ServiceManager.tell("READY=1", at: manager)
            return
        }
        process.takeCharge()
        port?.takeCharge()
        var rest = inheritance
        rest.dropRest()
        predecessor.ready()
    }

    /// Lets what is under way end, within the time that it has, and reports it.
    func drain(handingOver: Bool, _ events: ProcessEvents) {
        // Whoever asks how we are asks the new process.
        if handingOver { port?.handOver() }
        Task(priority: .medium) {
            await process.stop(handingOver: handingOver)
            events.post(.drained)
        }
    }
}
