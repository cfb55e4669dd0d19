package import Cryptography
import Formats
package import Time

/// What is remembered of one authorization request until its callback (A12).
///
/// Nothing of it is stored: it is sealed into a cookie of its own.
package struct LoginAttempt: Sendable, Equatable {
    /// The provider's name in the configuration.
    package let provider: String
    package let issuer: String
    package let redirectURI: String
    package let responseMode: ProviderSettings.ResponseMode
    package let nonce: String
    package let proofKey: ProofKey
    /// Where the browser wants to go afterwards; untrusted until it is parsed again.
    package var returnTarget: String?
    /// Seconds, when `max_age` was sent.
    package let maxAge: Int?
    /// The `acr` values that a rule demands; empty when none does.
    package let acrValues: [String]
    package let reauthentication: Reauthentication
    /// `prompt=none` was sent.
    package let isSilent: Bool
    package let resources: [String]
    package let createdAt: Timestamp
    /// Digest of the session cookie present at the start (A50).
    package let previousSession: SHA256Digest?

    /// Whether the user must have authenticated anew (A23).
    package enum Reauthentication: String, Sendable {
        case notAsked = "n"
        /// A browser asked with `prompt=login`: an old `auth_time` is refused, none is accepted.
        case asked = "a"
        /// A rule demands it: `auth_time` must be there and new.
        case demanded = "d"
    }

    /// From the start of a login to its callback.
    package static let lifetime = Duration.minutes(10)

    func isExpired(at now: Timestamp) -> Bool {
        // A time in the future comes from a clock that was set back; a minute of that is forgiven.
        now > createdAt + Self.lifetime || createdAt > now + .seconds(60)
    }

    /// When its `consumed_logins` row may be swept.
    package var endsAt: Timestamp { createdAt + Self.lifetime }
}

/// Nonce and verifier never reach a log, not even by an error that carries the attempt.
extension LoginAttempt: CustomStringConvertible, CustomReflectable {
    package var description: String { "<login attempt>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension LoginAttempt {
    /// The plaintext of its cookie; one letter a member, since cookies are small.
    var encoded: [UInt8] {
        var object: JSONObject = [
            "p": .string(provider), "i": .string(issuer), "r": .string(redirectURI),
            "m": .string(responseMode.rawValue),
            "n": .string(nonce), "v": .string(proofKey.verifier), "f": .string(reauthentication.rawValue),
            "s": .bool(isSilent), "c": .integer(createdAt.milliseconds),
        ]
        if let returnTarget { object["t"] = .string(returnTarget) }
        if let maxAge { object["a"] = .integer(Int64(maxAge)) }
        if !acrValues.isEmpty { object["x"] = .array(acrValues.map { .string($0) }) }
        if !resources.isEmpty { object["o"] = .array(resources.map { .string($0) }) }
        if let previousSession { object["d"] = .string(Base64URL.encode(previousSession.bytes)) }
        return object.encoded
    }

    /// Nil for what another version wrote.
    init?(encoded: [UInt8]) {
        guard let object = (try? JSONValue(parsing: encoded))?.object, let provider = object["p"]?.string,
            let issuer = object["i"]?.string, let redirectURI = object["r"]?.string,
            let mode = object["m"]?.string.flatMap({ ProviderSettings.ResponseMode(rawValue: $0) }),
            let nonce = object["n"]?.string, let proofKey = object["v"]?.string.flatMap({ ProofKey(verifier: $0) }),
            let reauthentication = object["f"]?.string.flatMap({ Reauthentication(rawValue: $0) }),
            let isSilent = object["s"]?.bool, let created = object["c"]?.integer
        else { return nil }
        self.provider = provider
        self.issuer = issuer
        self.redirectURI = redirectURI
        responseMode = mode
        self.nonce = nonce
        self.proofKey = proofKey
        returnTarget = object["t"]?.string
        maxAge = object["a"]?.integer.map { Int(clamping: $0) }
        acrValues = object["x"]?.array?.compactMap(\.string) ?? []
        self.reauthentication = reauthentication
        self.isSilent = isSilent
        resources = object["o"]?.array?.compactMap(\.string) ?? []
        createdAt = Timestamp(milliseconds: created)
        previousSession = object["d"]?.string.flatMap { Base64URL.decode($0) }.flatMap { SHA256Digest(bytes: $0) }
    }
}
