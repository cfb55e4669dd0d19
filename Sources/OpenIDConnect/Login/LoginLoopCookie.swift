import Bytes
import Cryptography
import Formats
package import HTTP
package import Time

/// Notices a browser that completes one login after the other and gets nowhere (A51).
///
/// Only completed logins count, per return target; starts never do, so tabs and abandoned attempts are no loop.
package struct LoginLoopCookie: Sendable {
    private let sealed: SealedCookies

    package init(_ sealed: SealedCookies) { self.sealed = sealed }

    static let window = Duration.seconds(30)
    /// The completed login that is one too many.
    static let most = 3

    package var name: String { sealed.name("postern-loop") }

    /// Counts a completed login.
    ///
    /// - Returns: whether it closes a loop, and the cookie to set (nil when it cannot be made: then nothing is counted).
    package func completed(
        returnTarget: String, cookies: [(name: String, value: String)], now: Timestamp
    ) -> (isLoop: Bool, cookie: SetCookie?) {
        let target = Base64URL.encode([UInt8](SHA256Digest(hashing: returnTarget.utf8Span.span).bytes.prefix(12)))
        var times = before(target, cookies).filter { now.since($0) <= Self.window && $0 <= now }
        times.append(now)
        let note: JSONObject = [
            "t": .string(target), "n": .array(times.suffix(Self.most).map { .integer($0.milliseconds) }),
        ]
        let cookie = (try? sealed.seal(note.encoded, for: .loginLoop, context: [], seconds: now.seconds)).flatMap {
            SetCookie(
                name: name, value: $0, maxAge: Int(Self.window.wholeSeconds), isSecure: sealed.isSecure, sameSite: .lax)
        }
        return (times.count >= Self.most, cookie)
    }

    /// Earlier logins to the same target; another target starts anew.
    private func before(_ target: String, _ cookies: [(name: String, value: String)]) -> [Timestamp] {
        let values = cookies.filter { $0.name.isExactly(name) }.map(\.value)
        guard values.count == 1, let plaintext = sealed.open(values[0], for: .loginLoop, context: []),
            let note = (try? JSONValue(parsing: plaintext))?.object, note["t"]?.string?.isExactly(target) ?? false
        else { return [] }
        return note["n"]?.array?.compactMap(\.integer).map { Timestamp(milliseconds: $0) } ?? []
    }

    /// Forgets the count: at logout, and behind the page that explains a loop.
    package var deletion: SetCookie? {
        SetCookie(name: name, value: "", isSecure: sealed.isSecure, sameSite: .lax)?.deletion
    }
}
