import Gateway
import HTTPServer
import Sockets

/// `listen`: where browsers, or the load balancer in front, connect.
struct ListenSection {
    let root: SectionReader

    /// The listeners, or nil when the key is absent.
    func read() -> [Located<ListenerSettings>]? {
        guard let list = root.list("listen") else { return nil }
        if list.value.isEmpty {
            root.context.error(list.mark, "`listen` is empty", hint: "leave it out for 0.0.0.0:8080")
        }
        var listeners: [Located<ListenerSettings>] = []
        for (index, node) in list.value.enumerated() {
            guard let section = root.section(node, named: "listen[\(index)]") else { continue }
            if let listener = listener(section) {
                let address = listener.value.address
                if let first = listeners.first(where: { $0.value.address == address }) {
                    root.context.error(
                        listener.mark,
                        "\(listener.shown(address.description)) is listened on already, from line \(first.mark.line)"
                    )
                }
                listeners.append(listener)
            }
            section.finish()
        }
        return listeners
    }

    private func listener(_ section: SectionReader) -> Located<ListenerSettings>? {
        let address = section.require("address") ? section.listenAddress("address") : nil
        var tls = ListenerTLSSection(listener: section).read()
        var http2 = true
        section.bool("http2", into: &http2)
        var proxyProtocol = false
        section.bool("proxy_protocol", into: &proxyProtocol)
        if proxyProtocol, !isAnybodyTrusted {
            root.context.error(
                section.valueMark(of: "proxy_protocol"), "\(section.name("proxy_protocol")) needs `trusted_proxies`",
                hint: "name the load balancer there: nobody else is believed")
        }
        tls?.offersHTTP2 = http2
        let (saysForWhom, speaksHTTP2, encryption) = (proxyProtocol, http2, tls)
        return address.map { address in
            address.map {
                ListenerSettings(address: $0, proxyProtocol: saysForWhom, tls: encryption, http2: speaksHTTP2)
            }
        }
    }

    private var isAnybodyTrusted: Bool {
        guard let node = root.nullableValue("trusted_proxies") else { return false }
        if case .sequence(let proxies) = node.content { return !proxies.isEmpty }
        // Not a list at all: that is said where it is read.
        return true
    }
}

extension SectionReader {
    /// An address to listen on.
    func listenAddress(_ key: String) -> Located<ListenAddress>? {
        guard let text = string(key) else { return nil }
        guard let address = ListenAddress(text.value) else {
            let tooLong = text.value.hasPrefix("unix:") && text.value.utf8.count > ListenAddress.longestPath + 5
            let hint =
                tooLong
                ? "a socket's path has at most \(ListenAddress.longestPath) bytes"
                : "host:port, [v6]:port or unix:/path, such as 127.0.0.1:8080"
            context.error(text.mark, "\(name(key)) is no address to listen on: \(text.shown)", hint: hint)
            return nil
        }
        return text.map { _ in address }
    }
}
