import Bytes
import Formats

/// A successful answer of a token endpoint (RFC 6749, section 5.1), well-formed and nothing more: an ID token in it has
/// still to be checked.
struct TokenResponse: Sendable, Equatable {
    enum Kind: String, Sendable {
        case bearer = "Bearer"
        case dpop = "DPoP"
    }

    let accessToken: Secret
    let kind: Kind
    /// Nil: the provider did not say, or said nonsense.
    let expiresIn: Duration?
    let refreshToken: Secret?
    let idToken: Secret?
    /// The scope granted; nil when it is the one asked for.
    let scope: String?

    /// Longer tokens do not fit the head of a request.
    static let longestToken = 16 * 1024

    init(_ object: JSONObject) throws(AnswerProblem) {
        if object.contains("error") { throw .errorInSuccess }
        guard let accessToken = object["access_token"]?.string, Self.isToken(accessToken) else { throw .accessToken }
        // Case does not matter (RFC 6749, section 5.1); a type that is not understood must not be used (section 7.1).
        switch object["token_type"]?.string?.lowercased() {
        case "bearer": kind = .bearer
        case "dpop": kind = .dpop
        default: throw .tokenType
        }
        self.accessToken = Secret(accessToken)
        expiresIn = Self.lifetime(object["expires_in"])
        refreshToken = try Self.optionalToken(object["refresh_token"])
        idToken = try Self.optionalToken(object["id_token"])
        scope = object["scope"]?.string
    }

    /// The characters of RFC 6749, appendix A.12, less the space: it goes into a header.
    private static func isToken(_ text: String) -> Bool {
        (1...longestToken).contains(text.utf8.count) && ByteClass.visible.firstOutside(text.utf8Span.span) == nil
    }

    /// Null and the empty string count as absent; another type is a mistake that may hide others.
    private static func optionalToken(_ value: JSONValue?) throws(AnswerProblem) -> Secret? {
        guard let value, !value.isNull, value != "" else { return nil }
        // An ID token may be longer than what goes into a header.
        guard let text = value.string, text.utf8.count <= 64 * 1024,
            ByteClass.visible.firstOutside(text.utf8Span.span) == nil
        else { throw .member }
        return Secret(text)
    }

    /// Whole seconds; a numeric string is tolerated, as several providers write one (B22).
    private static func lifetime(_ value: JSONValue?) -> Duration? {
        let seconds: Double? =
            switch value {
            case .string(let text) where !text.isEmpty && text.utf8.allSatisfy(ByteClass.digit.contains): Double(text)
            case .integer, .number: value?.double
            default: nil
            }
        guard let seconds, seconds >= 1, seconds <= 315_360_000 else { return nil }
        return .seconds(Int64(seconds))
    }
}
