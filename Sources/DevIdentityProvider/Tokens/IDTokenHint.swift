import Formats
import JOSE
import Time

/// An ID token that came back to the provider that made it.
struct IDTokenHint: Sendable {
    let subject: String
    let clientID: String
    let sessionID: String?

    /// True when the person of the token is the one who is signed in.
    func names(_ session: LoginSession?) -> Bool { session?.subject == subject }
}

/// Believes `id_token_hint` when this provider signed it; an expired one is as good as a fresh one (OpenID Connect
/// RP-Initiated Logout 1.0, section 4).
struct IDTokenHintCheck: Sendable {
    let issuer: String
    let keys: SigningKeys

    func believed(_ hint: String, now: Timestamp) -> IDTokenHint? {
        do throws(JOSEError) {
            let token = try JSONWebToken.parse(hint).verified(
                with: keys.published(at: now), allowed: [keys.algorithm], as: .idToken)
            try ClaimCheck.issuer(token.claims, is: issuer)
            let subject = try ClaimCheck.subject(token.claims)
            guard let clientID = token.claims["aud"]?.string else { return nil }
            return IDTokenHint(subject: subject, clientID: clientID, sessionID: token.claims["sid"]?.string)
        } catch {
            return nil
        }
    }
}
