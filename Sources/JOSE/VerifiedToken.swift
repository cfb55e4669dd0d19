package import Formats

/// A token that its issuer signed.
///
/// Only verification makes one; what it claims still has to be checked (``ClaimCheck``).
package struct VerifiedToken: Sendable {
    package let header: JSONObject
    package let claims: JSONObject
    package let algorithm: SignatureAlgorithm

    init(header: JSONObject, claims: JSONObject, algorithm: SignatureAlgorithm) {
        self.header = header
        self.claims = claims
        self.algorithm = algorithm
    }
}
