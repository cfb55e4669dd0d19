internal import Cryptography
package import Formats

/// A well-formed token whose signature nobody has looked at.
///
/// Its claims serve to throw out what cannot be meant for us before any work is done, and for nothing else.
package struct UnverifiedToken: Sendable {
    package let header: JSONObject
    package let claims: JSONObject
    /// `alg`, as written.
    package let algorithm: String
    package let kid: String?
    package let typ: String?

    private let signingInput: [UInt8]
    private let signature: [UInt8]

    /// Keys tried for one token (C9): a set of many keys without `kid` must not multiply the work.
    private static let attempts = 10

    init(
        header: JSONObject, claims: JSONObject, algorithm: String, kid: String?, typ: String?, parts: CompactSignature
    ) {
        self.header = header
        self.claims = claims
        self.algorithm = algorithm
        self.kid = kid
        self.typ = typ
        signingInput = parts.signingInput
        signature = parts.signature
    }

    /// Checks kind and signature (C3–C12).
    ///
    /// `jku`, `x5u`, `jwk`, `x5c` and `x5t` of the header play no part (C6): only `keys` can verify, and they belong to
    /// one issuer (C43).
    /// - Parameters:
    ///   - keys: the keys of the issuer that this token must come from.
    ///   - allowed: the algorithms that this issuer may use.
    ///   - kind: what the token is used as; another `typ` is refused.
    package func verified(
        with keys: JSONWebKeySet, allowed: [SignatureAlgorithm], as kind: TokenKind = .idToken
    ) throws(JOSEError) -> VerifiedToken {
        // The list comes before any look at a key: the token must not choose how it is checked (RFC 8725, section 3.1).
        guard let algorithm = SignatureAlgorithm(name: algorithm), allowed.contains(algorithm) else {
            throw .algorithmNotAllowed
        }
        try kind.check(typ: typ, claims: claims)
        let candidates = keys.candidates(alg: algorithm, kid: kid)
        guard !candidates.isEmpty else { throw .noKey }
        let fits = candidates.prefix(Self.attempts).contains {
            $0.publicKey.verify(signature, of: signingInput, algorithm.scheme)
        }
        guard fits else { throw kid == nil ? .badSignatureWithoutKeyID : .badSignature }
        return VerifiedToken(header: header, claims: claims, algorithm: algorithm)
    }
}
