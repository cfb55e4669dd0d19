import Bytes
import Formats

/// What sort of address a redirect URI is (H4); nil for one that must not be registered.
enum RedirectKind: Equatable {
    case https
    /// `http` to a host name that stays on this machine.
    case loopbackName
    /// `http` to 127.0.0.0/8 or `[::1]`; the text without its port.
    case loopbackLiteral(withoutPort: String)
    /// A scheme that belongs to one application (RFC 8252, section 7.1).
    case privateUse

    init?(_ uri: String) {
        guard !uri.isEmpty, uri.utf8.count <= 2048, uri.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            // RFC 6749, section 3.1.2: no fragment. A backslash is a slash to browsers and a letter to everybody else.
            !uri.utf8.contains(where: { $0 == UInt8(ascii: "#") || $0 == UInt8(ascii: "\\") }),
            let colon = uri.firstIndex(of: ":")
        else { return nil }
        let scheme = uri[..<colon].lowercased()
        guard let first = scheme.utf8.first, ByteClass.letter.contains(first),
            scheme.utf8.allSatisfy({ ByteClass([.letter, .digit]).contains($0) || "+-.".utf8.contains($0) })
        else { return nil }
        switch scheme {
        case "https":
            guard let parts = URLParts(uri), !parts.host.isEmpty else { return nil }
            self = .https
        case "http":
            guard let parts = URLParts(uri) else { return nil }
            if Loopback.isLiteral(parts.host) {
                let query = parts.query.map { "?" + $0 } ?? ""
                self = .loopbackLiteral(withoutPort: "http://" + parts.host + parts.path + query)
            } else if Loopback.isName(parts.host) {
                self = .loopbackName
            } else {
                return nil
            }
        default:
            guard !Self.schemesOfBrowsers.contains(scheme) else { return nil }
            self = .privateUse
        }
    }

    /// Schemes that mean something to a browser and can therefore not belong to one application.
    private static let schemesOfBrowsers: Set<String> = [
        "about", "blob", "chrome", "cid", "data", "feed", "file", "filesystem", "ftp", "intent", "jar", "javascript",
        "mailto", "mid", "resource", "sms", "tel", "urn", "vbscript", "view-source", "ws", "wss",
    ]
}

/// Hosts that never leave this machine.
package enum Loopback {
    /// 127.0.0.0/8 and `[::1]`.
    package static func isLiteral(_ host: String) -> Bool {
        if host == "[::1]" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy { part in
                (1...3).contains(part.utf8.count) && part.utf8.allSatisfy { ByteClass.digit.contains($0) }
                    && UInt8(part) != nil
            }
    }

    /// `localhost` and what ends in it (RFC 6761, section 6.3).
    package static func isName(_ host: String) -> Bool { host == "localhost" || host.hasSuffix(".localhost") }

    package static func contains(_ host: String) -> Bool { isLiteral(host) || isName(host) }
}
