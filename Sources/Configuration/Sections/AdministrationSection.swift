import Administration
import Bytes
import Sessions
import Sockets

/// `admin`: the second port, for health and metrics.
struct AdministrationSection {
    let root: SectionReader
    /// Where `listen` opens, to keep the two apart.
    let listeners: [ListenAddress]
    let store: StoreLocation?

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
        settings.socket = section.flatMap { socket($0) } ?? standardSocket
        if let token = section?.string("token", nullable: true, secret: true) {
            if token.value.utf8.count < Self.shortestToken {
                root.context.error(
                    token.mark, "`admin.token` is shorter than \(Self.shortestToken) characters",
                    hint: "postern keygen prints a good one")
            }
            settings.token = Secret(Array(token.value.utf8))
        }
        section?.finish()
        return settings
    }

    /// Whoever has it may end every session: not to be found by trying.
    private static let shortestToken = 16

    private func socket(_ section: SectionReader) -> AdministrationSocket? {
        guard let path = section.path("socket", nullable: true) else { return nil }
        let absolute = root.context.path(path.value)
        guard absolute.utf8.count <= ListenAddress.longestPath else {
            root.context.error(
                path.mark, "`admin.socket` is too long: \(path.shown)",
                hint: "a socket's path has at most \(ListenAddress.longestPath) bytes")
            return nil
        }
        return AdministrationSocket(path: absolute, isStandard: false)
    }

    /// `$RUNTIME_DIRECTORY/admin.sock`, else beside an SQLite database, else none.
    private var standardSocket: AdministrationSocket? {
        var directory: Substring?
        if let text = root.context.environment["RUNTIME_DIRECTORY"] {
            // systemd separates several by colons.
            directory = text.split(separator: ":").first
        } else if case .sqlite(let path)? = store {
            directory = path.lastIndex(of: "/").map { path[..<$0] }
        }
        guard let directory, !directory.isEmpty else { return nil }
        let path = directory + "/admin.sock"
        return path.utf8.count > ListenAddress.longestPath
            ? nil : AdministrationSocket(path: String(path), isStandard: true)
    }

    /// The same port, on the same host or where one of them takes all hosts.
    private func clashes(_ a: ListenAddress, _ b: ListenAddress) -> Bool {
        guard case .tcp(let hostA, let portA) = a, case .tcp(let hostB, let portB) = b else { return a == b }
        return portA == portB && portA != 0
            && (hostA == hostB || [hostA, hostB].contains { ["0.0.0.0", "::"].contains($0) })
    }
}
