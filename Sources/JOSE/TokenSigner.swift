package import Cryptography
package import Formats

/// Makes signed tokens: client assertions and request objects, the development provider's tokens, those of tests.
package enum TokenSigner {
    /// A JWS in compact form.
    ///
    /// - Parameters:
    ///   - header: further header members; `alg`, `typ` and `kid` are set from the other parameters.
    ///   - algorithm: must fit the key.
    package static func sign(
        header: JSONObject = [:], claims: JSONObject, key: PrivateKey, kid: String?, algorithm: SignatureAlgorithm,
        typ: String?
    ) throws(CryptographyError) -> String {
        var whole: JSONObject = ["alg": .string(algorithm.rawValue)]
        if let typ { whole["typ"] = .string(typ) }
        if let kid { whole["kid"] = .string(kid) }
        for member in header.members where !whole.contains(member.name) { whole[member.name] = member.value }
        let input = Base64URL.encode(whole.encoded) + "." + Base64URL.encode(claims.encoded)
        let signature = try key.sign([UInt8](input.utf8), algorithm.scheme)
        return input + "." + Base64URL.encode(signature)
    }
}
