internal import Bytes

/// A cookie that we set, held to the grammar and to what its name promises (6265bis, sections 4.1.1 and 4.1.3).
///
/// Never a `Domain` (E4), always a `SameSite` (E3).
package struct SetCookie: Sendable, Equatable {
    package enum SameSite: String, Sendable {
        case strict = "Strict"
        case lax = "Lax"
        /// For cookies that must come along with a cross-site POST (`form_post`); needs `Secure`.
        case none = "None"
    }

    package let name: String
    package let value: String
    package let path: String
    /// Seconds; nil for a cookie that ends with the browser session.
    package let maxAge: Int?
    package let isSecure: Bool
    package let isHTTPOnly: Bool
    package let sameSite: SameSite

    /// Name and value together (6265bis, section 5.6).
    package static let mostBytes = 4096

    /// Nil when a browser would refuse or misread it: a name that is no token, a value beyond cookie octets, both longer
    /// than ``mostBytes``, a path with other than visible ASCII or with `;`, or attributes that break a name prefix.
    package init?(
        name: String, value: String, path: String = "/", maxAge: Int? = nil, isSecure: Bool, isHTTPOnly: Bool = true,
        sameSite: SameSite
    ) {
        let nameBytes = name.utf8Span.span
        let valueBytes = value.utf8Span.span
        let pathBytes = path.utf8Span.span
        guard Token.isToken(nameBytes), ByteClass.cookieOctet.firstOutside(valueBytes) == nil,
            nameBytes.count + valueBytes.count <= Self.mostBytes,
            pathBytes.hasPrefix("/"), ByteClass.visible.firstOutside(pathBytes) == nil,
            pathBytes.firstIndex(of: UInt8(ascii: ";")) == nil,
            pathBytes.count <= 1024, maxAge ?? 0 >= 0
        else { return nil }
        guard sameSite != .none || isSecure else { return nil }
        guard Self.keepsPromise(nameBytes, path: path, isSecure: isSecure, isHTTPOnly: isHTTPOnly) else { return nil }
        self.name = name
        self.value = value
        self.path = path
        self.maxAge = maxAge
        self.isSecure = isSecure
        self.isHTTPOnly = isHTTPOnly
        self.sameSite = sameSite
    }

    /// What the prefixes demand (6265bis, section 4.1.3; layered cookies for `__Http-` and `__Host-Http-`), in any case of
    /// letters, as browsers compare them.
    private static func keepsPromise(
        _ name: Span<UInt8>, path: String, isSecure: Bool, isHTTPOnly: Bool
    ) -> Bool {
        func begins(_ prefix: StaticString) -> Bool {
            let length = prefix.utf8CodeUnitCount
            return name.count >= length && name.extracting(0..<length).equalsIgnoringCase(prefix)
        }
        if begins("__host-http-") { return isSecure && isHTTPOnly && path == "/" }
        if begins("__host-") { return isSecure && path == "/" }
        if begins("__http-") { return isSecure && isHTTPOnly }
        if begins("__secure-") { return isSecure }
        return true
    }

    /// The cookie that deletes this one: the same name and attributes, no value, `Max-Age=0` (E13).
    package var deletion: SetCookie { SetCookie(deleting: self) }

    private init(deleting other: SetCookie) {
        name = other.name
        value = ""
        path = other.path
        maxAge = 0
        isSecure = other.isSecure
        isHTTPOnly = other.isHTTPOnly
        sameSite = other.sameSite
    }

    /// The field value.
    package var text: String {
        var text = "\(name)=\(value); Path=\(path)"
        if let maxAge { text += "; Max-Age=\(maxAge)" }
        if isSecure { text += "; Secure" }
        if isHTTPOnly { text += "; HttpOnly" }
        return text + "; SameSite=\(sameSite.rawValue)"
    }

    /// Appends the `Set-Cookie` line.
    ///
    /// A second one with this name in the same response is a mistake of ours and traps (E8).
    package func append(to fields: inout Fields) {
        var from = 0
        while let line = fields.next(.setCookie, from: from) {
            precondition(
                !Self.name(of: fields.value(line)).equals(name.utf8Span.span), "a cookie is set twice in one response")
            from = line + 1
        }
        fields.append(.setCookie, utf8: text)
    }

    /// The name under which a browser will send back what this `Set-Cookie` value sets.
    ///
    /// A cookie without a name and with the value `a=b` comes back as `a=b`: its name is `a` to every reader, so it is
    /// `a` here (E6, E12).
    @_lifetime(copy value)
    package static func name(of value: Span<UInt8>) -> Span<UInt8> {
        var pair = CookieReader.trimmed(
            value.extracting(0..<(value.firstIndex(of: UInt8(ascii: ";")) ?? value.count)))
        while let equals = pair.firstIndex(of: UInt8(ascii: "=")) {
            let name = CookieReader.trimmed(pair.extracting(0..<equals))
            if !name.isEmpty { return name }
            pair = CookieReader.trimmed(pair.extracting((equals + 1)..<pair.count))
        }
        return pair.extracting(0..<0)
    }
}
