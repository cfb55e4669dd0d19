/// Why a token or a key set was not believed.
///
/// The raw value is for logs and metrics; a browser sees the same answer for all of them (C29).
package enum JOSEError: String, Error, Sendable, Equatable, CaseIterable {
    // The form.

    case tooLarge = "token_too_large"
    /// Not three non-empty parts of strict base64url.
    case notCompact = "token_not_compact"
    /// Five parts: a JWE where none was agreed on.
    case encrypted = "token_encrypted"
    /// The header is no strict JSON object, or `alg`, `kid` or `typ` is no string.
    case malformedHeader = "token_header_malformed"
    /// The payload is no strict JSON object.
    case malformedClaims = "token_claims_malformed"
    /// `crit` or `b64` asks for what we do not do.
    case criticalHeader = "token_critical_header"

    // The kind.

    /// `typ` belongs to another kind of token.
    case wrongType = "token_type_wrong"
    /// An `events` claim: a security event, not a statement about a login.
    case unexpectedEvents = "token_has_events"

    // The signature.

    case algorithmNotAllowed = "token_alg_not_allowed"
    /// The key set has no key for this algorithm and `kid`.
    case noKey = "token_key_unknown"
    case badSignature = "token_signature_invalid"
    /// As ``badSignature``, for a token without `kid`: the right key may be one that we have not fetched yet.
    case badSignatureWithoutKeyID = "token_signature_invalid_without_kid"

    // The key set.

    case malformedKeySet = "jwks_malformed"
    case tooManyKeys = "jwks_too_many_keys"

    // The claims.

    case issuer = "token_iss_wrong"
    case audience = "token_aud_wrong"
    case extraAudience = "token_aud_extra"
    case authorizedParty = "token_azp_wrong"
    /// `exp` is missing or no time.
    case expiry = "token_exp_invalid"
    case expired = "token_expired"
    /// `iat` is missing or no time.
    case issuedAt = "token_iat_invalid"
    case issuedInFuture = "token_iat_future"
    case issuedTooLongAgo = "token_iat_old"
    case notYetValid = "token_nbf_future"
    case subject = "token_sub_invalid"
    case nonce = "token_nonce_wrong"
    case authenticationTime = "token_auth_time_invalid"
    case authenticationTooOld = "token_auth_time_old"
    case authenticationContext = "token_acr_wrong"
    case accessTokenHash = "token_at_hash_wrong"
    case codeHash = "token_c_hash_wrong"

    /// True when the issuer may have changed its keys: fetch the set once more, try once more, then give up (C10).
    package var suggestsNewKeys: Bool { self == .noKey || self == .badSignatureWithoutKeyID }
}
