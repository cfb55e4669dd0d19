import Bytes
import Cryptography
import Formats
package import HTTP
import Time

/// The cookies of login attempts: one for each, named after its state, so that tabs do not overwrite each other (A13, A14).
package struct AttemptCookies: Sendable {
    private let sealed: SealedCookies

    package init(_ sealed: SealedCookies) { self.sealed = sealed }

    /// Name and value together; the return target is dropped first (A12).
    static let longest = 3584
    /// Cookies of attempts in one browser, the new one included.
    static let most = 5
    /// Deletions in one response: a browser that brings more has had them planted, and gets rid of them in turns.
    static let mostDeletions = 20
    /// Names and values of all of them, the new one included.
    static let mostBytes = 6144

    private static let base = "postern-login-"

    /// Its name: the first 8 characters of base64url(SHA-256(state)).
    func name(state: String) -> String {
        let digest = Base64URL.encode(SHA256Digest(hashing: state.utf8Span.span).bytes)
        return sealed.name(Self.base + String(digest.prefix(8)))
    }

    /// The cookie of a new attempt; its return target is given up when it does not fit.
    func cookie(_ attempt: LoginAttempt, state: String) throws(OpenIDConnectError) -> SetCookie {
        var attempt = attempt
        let name = name(state: state)
        var value = try seal(attempt, state: state)
        if name.utf8.count + value.utf8.count > Self.longest, attempt.returnTarget != nil {
            attempt.returnTarget = nil
            value = try seal(attempt, state: state)
        }
        guard name.utf8.count + value.utf8.count <= Self.longest else { throw .settings }
        guard let cookie = setCookie(name, value, maxAge: 600, isCrossSite: attempt.responseMode.isFormPost) else {
            throw .settings
        }
        return cookie
    }

    private func seal(_ attempt: LoginAttempt, state: String) throws(OpenIDConnectError) -> String {
        try sealed.seal(
            attempt.encoded, for: .loginAttempt, context: Self.context(state), seconds: attempt.createdAt.seconds)
    }

    /// The attempt that belongs to a state; nil without exactly one cookie that opens (A42, E7).
    func attempt(state: String, in cookies: [(name: String, value: String)]) -> LoginAttempt? {
        let name = name(state: state)
        let values = cookies.filter { $0.name.isExactly(name) }.map(\.value)
        guard values.count == 1,
            let plaintext = sealed.open(values[0], for: .loginAttempt, context: Self.context(state))
        else { return nil }
        return LoginAttempt(encoded: plaintext)
    }

    private static func context(_ state: String) -> [UInt8] { SHA256Digest(hashing: state.utf8Span.span).bytes }

    /// Deletes the cookie of a state, whatever became of its attempt.
    package func deletion(state: String, responseMode: ProviderSettings.ResponseMode) -> SetCookie? {
        deletion(name(state: state), isCrossSite: responseMode.isFormPost)
    }

    /// Deletions of older attempts, at the start (`adding` the new cookie) and at the end of a login (A14).
    ///
    /// All but the newest go, then the oldest until the rest fits; the newest other attempt always stays: two first visits
    /// at the same moment both succeed. Attempts that end take their cookies along by `Max-Age`.
    /// - Parameters:
    ///   - cookies: those of the request.
    ///   - finished: the name of the attempt that this request ends; it is deleted by itself.
    package func obsolete(
        in cookies: [(name: String, value: String)], adding new: SetCookie? = nil, finished: String? = nil
    ) -> [SetCookie] {
        var seen: Set<String> = []
        var others = cookies.filter { cookie in
            isAttempt(cookie.name) && cookie.name != new?.name && cookie.name != finished
                && seen.insert(cookie.name).inserted
        }
        // What is not ours counts as oldest.
        others.sort { (SealedCookies.seconds(of: $0.value) ?? 0) > (SealedCookies.seconds(of: $1.value) ?? 0) }
        var room = Self.mostBytes - (new.map { $0.name.utf8.count + $0.value.utf8.count } ?? 0)
        var places = Self.most - (new == nil ? 0 : 1)
        var deletions: [SetCookie] = []
        for (index, cookie) in others.enumerated() {
            let size = cookie.name.utf8.count + cookie.value.utf8.count
            if index == 0 || places > 0 && size <= room {
                places -= 1
                room -= size
            } else {
                // Once one is dropped, so are all that are older.
                places = 0
                // Name and path decide which cookie goes; only `Secure` must not be missing where it was set.
                if deletions.count < Self.mostDeletions,
                    let deletion = deletion(cookie.name, isCrossSite: new?.sameSite == SetCookie.SameSite.none)
                {
                    deletions.append(deletion)
                }
            }
        }
        return deletions
    }

    /// True for the names of these cookies; the look-alikes of other prefixes are not ours (E6).
    private func isAttempt(_ name: String) -> Bool {
        let prefix = sealed.name(Self.base)
        return name.hasPrefix(prefix) && name.utf8.count == prefix.utf8.count + 8
            && ByteClass.base64URL.firstOutside(name.utf8Span.span) == nil
    }

    private func deletion(_ name: String, isCrossSite: Bool) -> SetCookie? {
        setCookie(name, "", maxAge: 600, isCrossSite: isCrossSite)?.deletion
    }

    /// `SameSite=None` needs `Secure`, on loopback http too; browsers allow that there (A13).
    private func setCookie(_ name: String, _ value: String, maxAge: Int, isCrossSite: Bool) -> SetCookie? {
        SetCookie(
            name: name, value: value, maxAge: maxAge, isSecure: sealed.isSecure || isCrossSite,
            sameSite: isCrossSite ? .none : .lax)
    }
}
