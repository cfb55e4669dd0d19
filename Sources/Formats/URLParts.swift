private import Bytes

/// An absolute URL with an authority, taken apart strictly (RFC 3986, section 3).
///
/// What different parsers read differently is refused rather than repaired: user information, backslashes, white space and
/// control characters, non-ASCII text, numeric hosts that are no dotted quad (`127.1`, `0x7f000001`), empty labels.
package struct URLParts: Sendable, Equatable {
    /// Lower case.
    package let scheme: String
    /// Lower case; an IPv6 address in its canonical form, in brackets.
    package let host: String
    /// As written, 1 to 65535; nil when absent.
    package let port: Int?
    /// As written: empty, or beginning with `/`.
    package let path: String
    package let query: String?
    package let fragment: String?

    package init?(_ text: String) {
        // First of all: what follows cuts characters, and a combining mark makes one of itself and the slash before it.
        guard ByteClass.visible.firstOutside(text.utf8Span.span) == nil else { return nil }
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let name = text.utf8[..<colon]
        guard let first = name.first, ByteClass.letter.contains(first), name.allSatisfy(Self.isSchemeByte) else {
            return nil
        }
        var rest = text[text.utf8.index(after: colon)...]
        guard rest.utf8.starts(with: "//".utf8) else { return nil }
        rest = rest.dropFirst(2)
        fragment = Self.cut(&rest, at: UInt8(ascii: "#"))
        query = Self.cut(&rest, at: UInt8(ascii: "?"))
        let slash = rest.utf8.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        guard let (host, port) = Self.authority(String(rest[..<slash])) else { return nil }
        scheme = Self.lowercased(name)
        self.host = host
        self.port = port
        path = String(rest[slash...])
        guard Self.isTarget(path, alsoQuestionMark: false), Self.isTarget(query ?? ""), Self.isTarget(fragment ?? "")
        else { return nil }
    }

    /// The port in use: the written one, or 443 and 80 for https and http; nil for other schemes.
    package var effectivePort: Int? { port ?? defaultPort }

    /// Host, and port where it is not the scheme's default.
    package var authority: String {
        guard let port, port != defaultPort else { return host }
        return "\(host):\(port)"
    }

    /// Scheme and authority: `https://host` (RFC 6454, section 6.2).
    package var origin: String { "\(scheme)://\(authority)" }

    private var defaultPort: Int? {
        switch scheme {
        case "https", "wss": 443
        case "http", "ws": 80
        default: nil
        }
    }

    private static func isSchemeByte(_ byte: UInt8) -> Bool {
        ByteClass([.letter, .digit]).contains(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: ".")
    }

    /// Removes what follows the first `mark` and returns it.
    private static func cut(_ text: inout Substring, at mark: UInt8) -> String? {
        guard let at = text.utf8.firstIndex(of: mark) else { return nil }
        let tail = String(text[text.utf8.index(after: at)...])
        text = text[..<at]
        return tail
    }

    private static func authority(_ text: String) -> (host: String, port: Int?)? {
        var name = text
        var port: Int?
        // The colons of an IPv6 address stand before its closing bracket.
        let afterBracket = text.utf8.lastIndex(of: UInt8(ascii: "]")) ?? text.startIndex
        if let colon = text[afterBracket...].utf8.firstIndex(of: UInt8(ascii: ":")) {
            guard let number = Self.port(text[text.utf8.index(after: colon)...]) else { return nil }
            port = number
            name = String(text[..<colon])
        }
        guard let host = Self.host(name) else { return nil }
        return (host, port)
    }

    private static func port(_ text: Substring) -> Int? {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy(ByteClass.digit.contains),
            text.utf8.first != UInt8(ascii: "0"), let port = Int(text), port <= 65535
        else { return nil }
        return port
    }

    private static func host(_ text: String) -> String? {
        if text.utf8.first == UInt8(ascii: "[") {
            guard text.utf8.last == UInt8(ascii: "]"), let address = IPv6Literal(String(text.dropFirst().dropLast()))
            else { return nil }
            return "[\(address.canonical)]"
        }
        guard (1...253).contains(text.utf8.count) else { return nil }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.allSatisfy({ (1...63).contains($0.utf8.count) && $0.utf8.allSatisfy(isLabelByte) }) else {
            return nil
        }
        // A host that ends in a number is an IPv4 address to browsers and resolvers, whatever it looks like.
        if let last = labels.last, looksNumeric(last), IPv4Quad(text) == nil { return nil }
        return lowercased(text.utf8)
    }

    /// Letters, digits, hyphen; underscores appear in the service names of container networks.
    private static func isLabelByte(_ byte: UInt8) -> Bool {
        ByteClass([.letter, .digit]).contains(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }

    private static func looksNumeric(_ label: Substring) -> Bool {
        if label.utf8.allSatisfy(ByteClass.digit.contains) { return true }
        let digits = label.dropFirst(2)
        return lowercased(label.prefix(2).utf8) == "0x" && digits.utf8.allSatisfy(ByteClass.hexadecimal.contains)
    }

    private static func isTarget(_ text: String, alsoQuestionMark: Bool = true) -> Bool {
        let bytes = text.utf8Span.span
        guard ByteClass.target.firstOutside(bytes) == nil, PercentEncoding.decode(bytes) != nil else { return false }
        return alsoQuestionMark || bytes.firstIndex(of: UInt8(ascii: "?")) == nil
    }

    private static func lowercased(_ text: some Sequence<UInt8>) -> String {
        String(decoding: text.map(ByteClass.lowercase), as: UTF8.self)
    }
}
