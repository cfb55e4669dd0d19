import DevIdentityProvider
import Sockets

/// Where one part listens: on loopback, unless somebody says twice that it shall not be (H1).
struct ListenOption: Equatable {
    let host: String
    let port: UInt16
    /// Other machines can reach it.
    let isExposed: Bool

    /// Reads `--listen` and `--expose`.
    init(_ options: inout Options, standardPort: UInt16) throws(Mistake) {
        let isExposed = options.flag("--expose")
        let text = try options.value("--listen") ?? "127.0.0.1:\(standardPort)"
        guard case .tcp(let host, let port)? = ListenAddress(text), port != 0 else {
            throw .usage("--listen takes HOST:PORT or [V6]:PORT, not `\(text)`")
        }
        let isLoopback = Loopback.contains(host)
        guard isLoopback || isExposed else {
            throw .usage(
                """
                \(text) can be reached from other machines, and whoever reaches a development provider can be anybody on it. \
                If that is meant, add --expose
                """)
        }
        self.host = host
        self.port = port
        self.isExposed = !isLoopback
    }

    var address: ListenAddress { .tcp(host: host, port: port) }

    /// How people on this machine write it.
    var origin: String {
        switch host {
        // Everywhere is nowhere in particular.
        case "0.0.0.0", "::": "http://127.0.0.1:\(port)"
        default: host.utf8.contains(UInt8(ascii: ":")) ? "http://[\(host)]:\(port)" : "http://\(host):\(port)"
        }
    }

    /// Said at every start of something exposed.
    func warn(_ part: String) {
        guard isExposed else { return }
        Output.complain(
            """
            warning: the \(part) listens on \(address), open to other machines. It is for development: anyone who \
            reaches it can sign in as anyone
            """)
    }
}
