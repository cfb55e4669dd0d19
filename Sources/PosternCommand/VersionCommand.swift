import Gateway

/// `postern version`.
struct VersionCommand {
    func run() -> Exit {
        Output.result("postern \(GatewayVersion.text)")
        return .good
    }
}
