import Bytes
import Cryptography
import Formats
package import HTTP
package import Time

/// Remembers a logout while the browser is at the provider (F4): its state and where it wanted to go.
package struct LogoutCookie: Sendable {
    private let sealed: SealedCookies

    package init(_ sealed: SealedCookies) { self.sealed = sealed }

    static let lifetime = Duration.minutes(10)

    package var name: String { sealed.name("postern-logout") }

    /// A fresh state, and the cookie that proves it.
    package func begin(returnTarget: String?, now: Timestamp) throws(OpenIDConnectError) -> (
        state: String, cookie: SetCookie
    ) {
        let state: String
        do throws(CryptographyError) {
            state = Base64URL.encode(try RandomBytes.make(32))
        } catch {
            throw .system
        }
        var note: JSONObject = ["s": .string(state), "c": .integer(now.milliseconds)]
        if let returnTarget { note["t"] = .string(returnTarget) }
        let value = try sealed.seal(note.encoded, for: .logout, context: [], seconds: now.seconds)
        guard
            let cookie = SetCookie(
                name: name, value: value, maxAge: Int(Self.lifetime.wholeSeconds), isSecure: sealed.isSecure,
                sameSite: .lax)
        else { throw .settings }
        return (state, cookie)
    }

    /// What a browser that comes back with `state` is told.
    package enum Landing: Sendable, Equatable {
        /// To where it wanted to go; nil: where logouts end by default. Still to be judged as a return target.
        case known(returnTarget: String?)
        /// The neutral page: no state, a wrong one, an old one, no cookie.
        case unknown
    }

    package func land(state: String?, cookies: [(name: String, value: String)], now: Timestamp) -> Landing {
        let values = cookies.filter { $0.name.isExactly(name) }.map(\.value)
        guard let state, values.count == 1,
            let plaintext = sealed.open(values[0], for: .logout, context: []),
            let note = (try? JSONValue(parsing: plaintext))?.object, let expected = note["s"]?.string,
            let created = note["c"]?.integer, ConstantTime.equal(state, expected),
            now <= Timestamp(milliseconds: created) + Self.lifetime
        else { return .unknown }
        return .known(returnTarget: note["t"]?.string)
    }

    /// Used up, whatever it led to.
    package var deletion: SetCookie? {
        SetCookie(name: name, value: "", isSecure: sealed.isSecure, sameSite: .lax)?.deletion
    }
}
