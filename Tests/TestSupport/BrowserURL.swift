/// Where a browser goes for a `Location`, after the WHATWG URL standard: enough of it to see an origin change hands.
///
/// Written apart from the product's own reading of URLs, and from bytes alone, so that the two cannot share a mistake.
package struct BrowserURL: Equatable, Sendable {
    /// Scheme and authority as the browser understands them; for a scheme that is not of the web the scheme alone.
    package var origin: String
    /// Without dot segments, as the browser will ask for it; empty where the scheme is not of the web.
    package var path: String

    /// Resolves `location` on a page of `base`, an origin such as `https://app.example.com`.
    package init(resolving location: [UInt8], on base: String) {
        var text = location[...]
        while let first = text.first, first <= 0x20 { text.removeFirst() }
        while let last = text.last, last <= 0x20 { text.removeLast() }
        text.removeAll { $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
        let web = ["http", "https", "ftp", "ws", "wss"]
        var scheme = String(base.prefix { $0 != ":" })
        origin = base
        if let named = Self.scheme(&text) {
            guard web.contains(named) else {
                (origin, path) = (named + ":", "")
                return
            }
            // `https:evil` on a page of https is a path; under another scheme its host is what follows.
            let isHost = named != scheme || Self.slashes(text) >= 2
            scheme = named
            guard isHost else {
                path = Self.path(text)
                return
            }
            text = text.drop(while: Self.isSlash)
        } else {
            guard Self.slashes(text) >= 2 else {
                path = Self.path(text)
                return
            }
            text = text.drop(while: Self.isSlash)
        }
        let authority = text.prefix { !Self.isSlash($0) && $0 != 0x3F && $0 != 0x23 }
        text = text[authority.endIndex...]
        let host = authority[(authority.lastIndex(of: 0x40).map { $0 + 1 } ?? authority.startIndex)...]
        origin = scheme + "://" + String(decoding: host, as: UTF8.self).lowercased()
        path = Self.path(text)
    }

    /// The origin that `location` leads to from a page of `https://app.example.com`.
    package static func origin(of location: String) -> String {
        BrowserURL(resolving: Array(location.utf8), on: "https://app.example.com").origin
    }

    private static func isSlash(_ byte: UInt8) -> Bool { byte == 0x2F || byte == 0x5C }

    private static func slashes(_ text: ArraySlice<UInt8>) -> Int { text.prefix(while: isSlash).count }

    /// Takes `scheme:` off the front.
    private static func scheme(_ text: inout ArraySlice<UInt8>) -> String? {
        guard let colon = text.firstIndex(of: 0x3A) else { return nil }
        let name = text[..<colon]
        func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
        guard let first = name.first, isLetter(first),
            name.allSatisfy({ isLetter($0) || (0x30...0x39).contains($0) || "+-.".utf8.contains($0) })
        else { return nil }
        text = text[(colon + 1)...]
        return String(decoding: name, as: UTF8.self).lowercased()
    }

    /// The path state: segments split at both slashes, dot segments resolved in all their spellings.
    private static func path(_ text: ArraySlice<UInt8>) -> String {
        let written = text.prefix { $0 != 0x3F && $0 != 0x23 }
        var kept: [String] = []
        let segments = written.split(omittingEmptySubsequences: false, whereSeparator: isSlash)
        // What stands before the first slash is nothing for an absolute path, and replaces the page's name for a relative.
        let first = written.first.map(isSlash) ?? true ? 1 : 0
        for (number, segment) in segments.enumerated().dropFirst(first) {
            let segment = String(decoding: segment, as: UTF8.self)
            let isLast = number == segments.count - 1
            switch segment.lowercased().replacing("%2e", with: ".") {
            case ".": if isLast { kept.append("") }
            case "..":
                _ = kept.popLast()
                if isLast { kept.append("") }
            default: kept.append(segment)
            }
        }
        return "/" + kept.joined(separator: "/")
    }
}
