import Foundation

/// Cookies as a browser keeps them (RFC 6265bis); loopback hosts count as secure, as they do in browsers.
package struct CookieJar: Sendable {
    package struct Cookie: Sendable {
        package var name: String
        package var value: String
        package var host: String
        package var path: String
        package var sameSite: String
        package var isSecure: Bool
        package var isHTTPOnly: Bool
        package var expires: Date?
    }

    package private(set) var cookies: [Cookie] = []
    /// Set-Cookie lines that no server should have sent, each with the rule that it breaks.
    package private(set) var refused: [String] = []

    package init() {}

    /// Keeps what one response sets.
    package mutating func take(_ lines: [String], from host: String) {
        var names: Set<String> = []
        for line in lines {
            let parts = line.split(separator: ";", omittingEmptySubsequences: false).map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            let pair = parts[0].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard pair.count == 2, !pair[0].isEmpty else {
                refused.append("no name: \(line)")
                continue
            }
            if !names.insert(pair[0]).inserted { refused.append("E8 twice in one response: \(line)") }
            if parts[0].utf8.count > 4096 { refused.append("E8 too long: \(line)") }
            let isOctets = pair[1].utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\",;\\".utf8.contains($0) }
            if !isOctets { refused.append("E8 not cookie-octets: \(line)") }
            var attributes: [String: String] = [:]
            for part in parts.dropFirst() {
                let words = part.split(separator: "=", maxSplits: 1).map(String.init)
                guard let name = words.first?.lowercased() else { continue }
                if attributes[name] != nil { refused.append("E8 attribute twice: \(line)") }
                attributes[name] = words.count > 1 ? words[1] : ""
            }
            let isSecure = attributes["secure"] != nil
            if pair[0].hasPrefix("__Host-"), !isSecure || attributes["path"] != "/" || attributes["domain"] != nil {
                refused.append("E5 prefix: \(line)")
                continue
            }
            let age = attributes["max-age"].flatMap { Int($0) }
            cookies.removeAll { $0.name == pair[0] && $0.host == host && $0.path == (attributes["path"] ?? "/") }
            if let age, age <= 0 { continue }
            cookies.append(
                Cookie(
                    name: pair[0], value: pair[1], host: host, path: attributes["path"] ?? "/",
                    sameSite: attributes["samesite"]?.lowercased() ?? "", isSecure: isSecure,
                    isHTTPOnly: attributes["httponly"] != nil, expires: age.map { Date() + TimeInterval($0) }))
        }
    }

    /// The value of `Cookie` for a request to `host`; nil for none.
    package func header(for host: String, crossSite: Bool, topLevel: Bool) -> String? {
        let now = Date()
        let sent = cookies.filter { cookie in
            guard cookie.host == host, cookie.expires.map({ $0 > now }) ?? true else { return false }
            if !crossSite { return true }
            switch cookie.sameSite {
            case "none": return cookie.isSecure
            case "strict": return false
            default: return topLevel
            }
        }
        return sent.isEmpty ? nil : sent.map { "\($0.name)=\($0.value)" }.joined(separator: "; ")
    }

    package subscript(_ name: String) -> String? { cookies.last { $0.name == name }?.value }

    /// The names of the cookies that begin with `prefix`.
    package func names(_ prefix: String) -> [String] { cookies.map(\.name).filter { $0.hasPrefix(prefix) } }

    /// Plants a cookie, as somebody with a hand in the browser could.
    package mutating func plant(_ name: String, _ value: String, host: String = "localhost") {
        cookies.removeAll { $0.name == name && $0.host == host }
        cookies.append(
            Cookie(
                name: name, value: value, host: host, path: "/", sameSite: "lax", isSecure: false, isHTTPOnly: true,
                expires: nil))
    }

    package mutating func remove(_ name: String) { cookies.removeAll { $0.name == name } }
}
