import Administration
import Sockets

/// `admin`: the second port, for health and metrics.
struct AdministrationSection {
    let root: SectionReader
    /// Where `listen` opens, to keep the two apart.
    let listeners: [ListenAddress]

    /// Nil when it is turned off.
    func read() -> AdministrationSettings? {
        if let entry = root.entry("admin"), entry.value.isNull { return nil }
        var settings = AdministrationSettings()
        let section = root.section("admin")
        let address = section?.listenAddress("address")
        if let address {
            if case .unix = address.value {
                root.context.error(address.mark, "`admin.address` is host:port", hint: "a socket is `admin.socket`")
            }
            settings.address = address.value
        }
        if listeners.contains(where: { clashes($0, settings.address) }) {
            root.context.error(
                section?.valueMark(of: "address") ?? root.mark(of: "listen"),
                "the port of `admin.address` is listened on for browsers already",
                hint: "give `admin.address` a port of its own, or `admin: null`")
        }
        _ = section?.path("socket", nullable: true)
        section?.refuseUnsupported("socket", unless: section?.nullableValue("socket") == nil)
        _ = section?.string("token", nullable: true, secret: true)
        section?.refuseUnsupported("token", unless: section?.nullableValue("token") == nil)
        section?.finish()
        return settings
    }

    /// The same port, on the same host or where one of them takes all hosts.
    private func clashes(_ a: ListenAddress, _ b: ListenAddress) -> Bool {
        guard case .tcp(let hostA, let portA) = a, case .tcp(let hostB, let portB) = b else { return a == b }
        return portA == portB && portA != 0
            && (hostA == hostB || [hostA, hostB].contains { ["0.0.0.0", "::"].contains($0) })
    }
}
