import Bytes

/// What an upstream's `Cache-Control` says about shared caches (E27).
struct CacheControlState {
    var isPresent = false
    /// One of `private`, `no-store`, `public`, `s-maxage` is there: the upstream has thought about sharing.
    var decidesSharing = false
    /// `public` or `s-maxage` is there: shared caches may keep it.
    var invitesSharing = false

    mutating func read(_ value: Span<UInt8>) {
        isPresent = true
        var start = 0
        while start < value.count {
            let end = Self.elementEnd(value, from: start)
            let element = value.extracting(start..<end)
            let directive = Self.name(element)
            // `private="X-Field"` is about that field alone: shared caches may still keep the rest (RFC 9111, section 5.2.2.7).
            let isPlain = element.firstIndex(of: UInt8(ascii: "=")) == nil
            if directive.equalsIgnoringCase("private") && isPlain || directive.equalsIgnoringCase("no-store")
                || directive.equalsIgnoringCase("public") || directive.equalsIgnoringCase("s-maxage")
            {
                decidesSharing = true
            }
            if directive.equalsIgnoringCase("public") || directive.equalsIgnoringCase("s-maxage") {
                invitesSharing = true
            }
            start = end + 1
        }
    }

    /// The comma behind the element that begins at `start`, or the end; commas within quotes are part of it.
    private static func elementEnd(_ value: Span<UInt8>, from start: Int) -> Int {
        var isQuoted = false
        for at in start..<value.count {
            if value[at] == UInt8(ascii: "\"") { isQuoted.toggle() }
            if value[at] == UInt8(ascii: ","), !isQuoted { return at }
        }
        return value.count
    }

    /// True when a comma list names `lowercase`, or is `*`.
    static func names(_ lowercase: StaticString, in value: Span<UInt8>) -> Bool {
        var start = 0
        while start < value.count {
            let end = value.firstIndex(of: UInt8(ascii: ","), from: start) ?? value.count
            let element = name(value.extracting(start..<end))
            if element.equalsIgnoringCase(lowercase) || element.equals("*") { return true }
            start = end + 1
        }
        return false
    }

    /// The element without whitespace around it and without `=value`.
    @_lifetime(copy element)
    private static func name(_ element: Span<UInt8>) -> Span<UInt8> {
        var start = 0
        var end = element.firstIndex(of: UInt8(ascii: "=")) ?? element.count
        while start < end, element[start] == 0x20 || element[start] == 0x09 { start += 1 }
        while end > start, element[end - 1] == 0x20 || element[end - 1] == 0x09 { end -= 1 }
        return element.extracting(start..<end)
    }
}
