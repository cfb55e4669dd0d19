import Bytes
import HTTP
import Sockets

/// Whom trusted proxies speak for: the addresses that a family of forwarded fields tells, and which of them is the client's
/// (G33; RFC 7239, sections 4 to 6).
///
/// Used again: it takes no memory after the longest chain it has held.
struct ForwardedChain {
    /// From the left, as told; nil where it is no address (`unknown`, `_hidden`, or nothing that can be read).
    private var told: [IPAddress?] = []
    /// Where the client is in `told`; its count when nobody told of one.
    private var client = 0

    /// The client, and behind it the proxies that are trusted, the peer itself not included; empty when the peer is the
    /// client as far as anybody knows.
    var believed: ArraySlice<IPAddress?> { told[client...] }

    mutating func forget() {
        told.removeAll(keepingCapacity: true)
        client = 0
    }

    /// Reads the fields of a request whose peer is trusted.
    ///
    /// The client is the rightmost address that is not trusted itself: what stands left of it is only what it said.
    mutating func read(_ fields: borrowing Fields, _ family: ForwardedFamily, trusting proxies: TrustedPeers) {
        forget()
        let name: KnownField = family == .forwarded ? .forwarded : .xForwardedFor
        var from = 0
        while let line = fields.next(name, from: from) {
            if family == .forwarded { readElements(fields.value(line)) } else { readAddresses(fields.value(line)) }
            from = line + 1
        }
        client = told.count
        while client > 0, let address = told[client - 1] {
            client -= 1
            if !proxies.contains(address) { break }
        }
    }

    // MARK: X-Forwarded-For

    private mutating func readAddresses(_ value: Span<UInt8>) {
        var from = 0
        while from <= value.count {
            let end = value.firstIndex(of: UInt8(ascii: ","), from: from) ?? value.count
            let element = Self.trimmed(value, from..<end)
            if !element.isEmpty { told.append(Self.address(value.extracting(element))) }
            from = end + 1
        }
    }

    // MARK: Forwarded

    /// `for=…;by=…, for="[2001:db8::1]:4711"`; a line that breaks the grammar tells nothing from there on.
    private mutating func readElements(_ value: Span<UInt8>) {
        var reader = ForwardedReader(value)
        while true {
            switch reader.nextElement() {
            case .end: return
            case .broken:
                told.append(nil)
                return
            case .element(let found, _): told.append(found.flatMap { Self.address(value.extracting($0)) })
            }
        }
    }

    /// The host that the nearest proxy was asked for; nil when it does not say.
    static func host(_ fields: borrowing Fields, _ family: ForwardedFamily, _ body: (Span<UInt8>) -> Int?) -> Int? {
        let name: KnownField = family == .forwarded ? .forwarded : .xForwardedHost
        var last: Int?
        var from = 0
        while let line = fields.next(name, from: from) {
            last = line
            from = line + 1
        }
        guard let last else { return nil }
        let value = fields.value(last)
        if family == .xForwarded {
            var start = 0
            while let comma = value.firstIndex(of: UInt8(ascii: ","), from: start) { start = comma + 1 }
            return body(value.extracting(trimmed(value, start..<value.count)))
        }
        var reader = ForwardedReader(value)
        var host: Range<Int>?
        while true {
            switch reader.nextElement() {
            case .end: return host.flatMap { body(value.extracting($0)) }
            case .broken: return nil
            case .element(_, let found): host = found
            }
        }
    }

    // MARK: Nodes

    /// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`; nil for all else.
    static func address(_ node: Span<UInt8>) -> IPAddress? {
        guard node.count > 0 else { return nil }
        if node[0] == UInt8(ascii: "[") {
            guard let close = node.firstIndex(of: UInt8(ascii: "]")), isPort(node.extracting((close + 1)..<node.count))
            else { return nil }
            let inside = node.extracting(1..<close)
            return inside.firstIndex(of: UInt8(ascii: ":")) == nil ? nil : IPAddress(inside)
        }
        guard let colon = node.firstIndex(of: UInt8(ascii: ":")),
            node.firstIndex(of: UInt8(ascii: ":"), from: colon + 1) == nil
        else { return IPAddress(node) }
        return isPort(node.extracting(colon..<node.count)) ? IPAddress(node.extracting(0..<colon)) : nil
    }

    /// Nothing, or a colon and one to five digits.
    private static func isPort(_ rest: Span<UInt8>) -> Bool {
        if rest.isEmpty { return true }
        guard (2...6).contains(rest.count), rest[0] == UInt8(ascii: ":") else { return false }
        for index in 1..<rest.count where rest[index] &- UInt8(ascii: "0") >= 10 { return false }
        return true
    }

    private static func trimmed(_ value: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, value[start] == 0x20 || value[start] == 0x09 { start += 1 }
        while start < end, value[end - 1] == 0x20 || value[end - 1] == 0x09 { end -= 1 }
        return start..<end
    }
}

/// The elements of a `Forwarded` value (RFC 7239, section 4), from the left.
struct ForwardedReader: ~Escapable {
    enum Element: Equatable {
        /// Where the values of `for` and `host` stand, without quotes.
        case element(node: Range<Int>?, host: Range<Int>?)
        case end
        case broken
    }

    private let bytes: Span<UInt8>
    private var at = 0

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) { self.bytes = bytes }

    mutating func nextElement() -> Element {
        // Empty elements are nobody's (RFC 9110, section 5.6.1.2).
        while at < bytes.count, isBlank(bytes[at]) || bytes[at] == UInt8(ascii: ",") { at += 1 }
        if at == bytes.count { return .end }
        var node: Range<Int>?
        var host: Range<Int>?
        while true {
            let start = at
            while at < bytes.count, ByteClass.token.contains(bytes[at]) { at += 1 }
            let name = bytes.extracting(start..<at)
            guard at > start, at < bytes.count, bytes[at] == UInt8(ascii: "=") else { return .broken }
            at += 1
            guard let value = readValue() else { return .broken }
            if name.equalsIgnoringCase("for") {
                if node != nil { return .broken }
                node = value
            } else if name.equalsIgnoringCase("host") {
                if host != nil { return .broken }
                host = value
            }
            while at < bytes.count, isBlank(bytes[at]) { at += 1 }
            if at == bytes.count { return .element(node: node, host: host) }
            let separator = bytes[at]
            at += 1
            if separator == UInt8(ascii: ",") { return .element(node: node, host: host) }
            guard separator == UInt8(ascii: ";") else { return .broken }
            while at < bytes.count, isBlank(bytes[at]) { at += 1 }
        }
    }

    /// A token or a quoted string; nothing that is read here has a reason to hold an escape.
    private mutating func readValue() -> Range<Int>? {
        if at < bytes.count, bytes[at] == UInt8(ascii: "\"") {
            let start = at + 1
            guard let close = bytes.firstIndex(of: UInt8(ascii: "\""), from: start) else { return nil }
            for index in start..<close where bytes[index] == UInt8(ascii: "\\") { return nil }
            at = close + 1
            return start..<close
        }
        let start = at
        // A colon stands in tokens of many proxies although it must not (`for=192.0.2.1:80`).
        while at < bytes.count, ByteClass.token.contains(bytes[at]) || bytes[at] == UInt8(ascii: ":") { at += 1 }
        return at > start ? start..<at : nil
    }

    private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
