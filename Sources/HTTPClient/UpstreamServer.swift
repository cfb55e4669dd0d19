private import Sockets

/// One server of an upstream, as the configuration names it: `http://host[:port]`, `https://host[:port]` or `unix:/path`.
///
/// A class, since every stream has one: a copy counts once and not for each of its parts.
package final class UpstreamServer: Sendable, Hashable, CustomStringConvertible {
    package enum Place: Sendable, Hashable {
        /// A name or an IP literal (IPv6 without brackets).
        case tcp(host: String, port: UInt16)
        case unix(path: String)
    }

    package let place: Place
    /// Whether the connection is encrypted.
    package let isSecure: Bool
    /// What `Host` says towards this server (G37); the default port is left out.
    package let authority: String

    /// ``authority`` as a field line, with its line end.
    package let hostLine: [UInt8]

    /// Reads one of the three forms; nil for anything else, a path, a query or user information among them.
    package init?(_ text: String) {
        if text.hasPrefix("unix:") {
            guard case .unix(let path)? = ListenAddress(text) else { return nil }
            place = .unix(path: path)
            isSecure = false
            authority = "localhost"
            hostLine = Array("Host: localhost\r\n".utf8)
            return
        }
        let lowered = text.lowercased()
        var rest: Substring
        let defaultPort: UInt16
        if lowered.hasPrefix("http://") {
            (rest, isSecure, defaultPort) = (lowered.dropFirst(7), false, 80)
        } else if lowered.hasPrefix("https://") {
            (rest, isSecure, defaultPort) = (lowered.dropFirst(8), true, 443)
        } else {
            return nil
        }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard let (host, written) = ListenAddress.split(String(rest)), written != 0 else { return nil }
        let port = written ?? defaultPort
        let bracketed = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        place = .tcp(host: host, port: port)
        authority = port == defaultPort ? bracketed : "\(bracketed):\(port)"
        hostLine = Array("Host: \(authority)\r\n".utf8)
    }

    package static func == (a: UpstreamServer, b: UpstreamServer) -> Bool {
        a === b || a.place == b.place && a.isSecure == b.isSecure
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(place)
        hasher.combine(isSecure)
    }

    /// As the configuration writes it.
    package var description: String {
        switch place {
        case .tcp: "\(isSecure ? "https" : "http")://\(authority)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
