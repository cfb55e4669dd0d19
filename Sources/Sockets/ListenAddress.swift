/// Where a listener opens: `host:port`, `[v6]:port` or `unix:/path`.
package enum ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// An IP literal (IPv6 without brackets) or a name that the system resolves when the listener opens.
    case tcp(host: String, port: UInt16)
    /// An absolute path.
    case unix(path: String)

    /// The longest path that fits into `sockaddr_un` with its closing NUL.
    package static let longestPath = 107

    /// Reads the three forms of the configuration; nil for anything else.
    ///
    /// Port 0 asks the system for a free one.
    package init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard path.hasPrefix("/"), !path.utf8.contains(0), path.utf8.count <= Self.longestPath else { return nil }
            self = .unix(path: path)
            return
        }
        guard let (host, port) = Self.split(text), let port else { return nil }
        self = .tcp(host: host, port: port)
    }

    /// Takes `host`, `host:port`, `[v6]` or `[v6]:port` apart; nil when it is none of these.
    package static func split(_ text: String) -> (host: String, port: UInt16?)? {
        var host = text[...]
        var port: UInt16?
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<close]
            let rest = text[text.index(after: close)...]
            guard host.utf8.contains(UInt8(ascii: ":")), host.utf8.allSatisfy(isAddressByte) else { return nil }
            if !rest.isEmpty {
                guard rest.hasPrefix(":"), let number = portNumber(rest.dropFirst()) else { return nil }
                port = number
            }
        } else {
            if let colon = text.firstIndex(of: ":") {
                guard let number = portNumber(text[text.index(after: colon)...]) else { return nil }
                host = text[..<colon]
                port = number
            }
            guard host.utf8.allSatisfy(isNameByte) else { return nil }
        }
        return host.isEmpty || host.utf8.count > 253 ? nil : (String(host), port)
    }

    private static func portNumber(_ digits: Substring) -> UInt16? {
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }) else {
            return nil
        }
        return UInt16(digits)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: ":"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    /// As the configuration writes it.
    package var description: String {
        switch self {
        case .tcp(let host, let port): host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
