import Bytes
import HTTP

/// `Clear-Site-Data` of an upstream must not end our session: `"cookies"` and `"*"` are taken out (E12).
enum ClearSiteData {
    /// True when the value holds one of them.
    static func touchesCookies(_ value: Span<UInt8>) -> Bool {
        var found = false
        forEach(value) { if reachesCookies($0) { found = true } }
        return found
    }

    /// Appends the field with what is left; nothing when nothing is.
    static func writeWithoutCookies(_ value: Span<UInt8>, into output: inout Fields) {
        output.begin(.clearSiteData)
        var start = 0
        while start < value.count {
            let end = value.firstIndex(of: UInt8(ascii: ","), from: start) ?? value.count
            let directive = trimmed(value.extracting(start..<end))
            if !directive.isEmpty, !reachesCookies(directive) {
                if output.openCount > 0 { output.extend(", ") }
                output.extend(directive)
            }
            start = end + 1
        }
        if output.openCount == 0 { output.cancel() } else { output.end() }
    }

    private static func reachesCookies(_ directive: Span<UInt8>) -> Bool {
        directive.equalsIgnoringCase("\"cookies\"") || directive.equals("\"*\"")
    }

    private static func forEach(_ value: Span<UInt8>, _ body: (Span<UInt8>) -> Void) {
        var start = 0
        while start < value.count {
            let end = value.firstIndex(of: UInt8(ascii: ","), from: start) ?? value.count
            body(trimmed(value.extracting(start..<end)))
            start = end + 1
        }
    }

    @_lifetime(copy bytes)
    private static func trimmed(_ bytes: Span<UInt8>) -> Span<UInt8> {
        var start = 0
        var end = bytes.count
        while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
        while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
        return bytes.extracting(start..<end)
    }
}
