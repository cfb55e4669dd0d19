internal import Formats

/// Reads JSON Web Tokens (RFC 7519).
package enum JSONWebToken {
    /// Takes a token apart and checks its form (C1, C2, C5).
    ///
    /// Nothing in the result may be believed yet.
    /// - Parameter limit: bytes of the whole token.
    package static func parse(_ compact: String, limit: Int = 64 * 1024) throws(JOSEError) -> UnverifiedToken {
        let parts = try CompactSignature(parsing: compact, limit: limit)
        guard let header = object(parts.header) else { throw .malformedHeader }
        guard let claims = object(parts.payload) else { throw .malformedClaims }
        guard let algorithm = header["alg"]?.string else { throw .malformedHeader }
        // RFC 7515, section 4.1.11: what is critical must be understood, and we understand no extension. An empty list and
        // names of missing headers are errors anyway. `b64` (RFC 7797) changes what was signed, listed in `crit` or not.
        guard !header.contains("crit"), header["b64"] == nil || header["b64"] == true else { throw .criticalHeader }
        return UnverifiedToken(
            header: header, claims: claims, algorithm: algorithm, kid: try optionalString(header, "kid"),
            typ: try optionalString(header, "typ"), parts: parts)
    }

    private static func object(_ bytes: [UInt8]) -> JSONObject? {
        (try? JSONValue(parsing: bytes))?.object
    }

    private static func optionalString(_ header: JSONObject, _ name: String) throws(JOSEError) -> String? {
        guard let value = header[name] else { return nil }
        guard let text = value.string else { throw .malformedHeader }
        return text
    }
}
