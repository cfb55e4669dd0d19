internal import Bytes

/// Which fields belong to one connection and are not forwarded (RFC 9110, section 7.6.1).
@usableFromInline
package enum HopByHop {
    /// Removed whether or not `Connection` names them (G30).
    @inlinable package static var fields: KnownFieldSet {
        KnownFieldSet(.connection, .proxyConnection, .keepAlive, .te, .transferEncoding)
            .union(KnownFieldSet(.upgrade, .proxyAuthenticate, .proxyAuthorization, .http2Settings))
    }

    /// Written anew by each engine, and therefore left out when lines are copied (G20).
    static var framing: KnownFieldSet {
        KnownFieldSet(.connection, .keepAlive, .proxyConnection, .transferEncoding, .contentLength)
    }

    /// Fields without which a message would mean something else; a `Connection` that names one is an attack (G31).
    private static let protected: KnownFieldSet = [
        .host, .contentLength, .transferEncoding, .authorization, .cookie,
    ]

    /// More options than anybody needs; the bound keeps marking linear.
    private static let mostOptions = 32

    /// True when line `position` must not be forwarded: hop-by-hop by itself, or named by `Connection` in the same message.
    @inlinable package static func contains(_ fields: borrowing Fields, _ position: Int) -> Bool {
        let entry = fields.index.table[position]
        return entry.flags.contains(.connectionOption) || Self.fields.contains(entry.known)
    }

    struct Options {
        var close = false
        var keepAlive = false
        var upgrade = false
    }

    /// Reads the `Connection` options of a received message and marks the fields that they name.
    ///
    /// - Parameter refusesProtected: requests are refused for naming a protected field; in responses such an option is
    ///   without effect.
    static func options(
        _ bytes: Span<UInt8>, _ index: inout FieldIndex, refusesProtected: Bool
    ) throws(HTTP1Error) -> Options {
        var found = Options()
        var count = 0
        var from = 0
        while let line = index.next(.connection, from: from) {
            from = line + 1
            let value = bytes.extracting(index.table[line].value)
            var list = ListElements(value)
            while let element = list.next() {
                // RFC 9110, section 5.6.1.2: empty elements are tolerated.
                if element.isEmpty { continue }
                count += 1
                let option = value.extracting(element)
                guard count <= mostOptions, Token.isToken(option) else { throw .invalidConnectionOption }
                if option.equalsIgnoringCase("close") {
                    found.close = true
                } else if option.equalsIgnoringCase("keep-alive") {
                    found.keepAlive = true
                } else {
                    try mark(option, bytes, &index, &found, refusesProtected)
                }
            }
        }
        return found
    }

    private static func mark(
        _ option: Span<UInt8>, _ bytes: Span<UInt8>, _ index: inout FieldIndex, _ found: inout Options,
        _ refusesProtected: Bool
    ) throws(HTTP1Error) {
        let known = KnownField(option)
        if known == .upgrade { found.upgrade = true }
        if protected.contains(known) {
            if refusesProtected { throw .protectedConnectionOption }
            return
        }
        if known != .other, !index.present.contains(known) { return }
        for position in 0..<index.count where index.table[position].known == known {
            if known != .other || bytes.extracting(index.table[position].name).equalsIgnoringCase(option) {
                index.table[position].flags.insert(.connectionOption)
            }
        }
    }
}
