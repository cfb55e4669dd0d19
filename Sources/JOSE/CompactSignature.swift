internal import Formats

/// A JWS in compact form, taken apart (RFC 7515, section 7.1).
struct CompactSignature {
    let header: [UInt8]
    let payload: [UInt8]
    let signature: [UInt8]
    /// What was signed: the first two parts and the dot between them, as received.
    let signingInput: [UInt8]

    /// Strict (C1): three non-empty parts, base64url with one spelling per value, nothing around them.
    init(parsing text: String, limit: Int) throws(JOSEError) {
        guard text.utf8.count <= limit else { throw .tooLarge }
        let dot = UInt8(ascii: ".")
        // No more splits than it takes to tell a JWE from nonsense.
        let parts = text.utf8.split(separator: dot, maxSplits: 5, omittingEmptySubsequences: false).map {
            String(Substring($0))
        }
        guard parts.count == 3 else { throw parts.count == 5 ? .encrypted : .notCompact }
        guard parts.allSatisfy({ !$0.isEmpty }), let header = Base64URL.decode(parts[0]),
            let payload = Base64URL.decode(parts[1]), let signature = Base64URL.decode(parts[2])
        else { throw .notCompact }
        self.header = header
        self.payload = payload
        self.signature = signature
        signingInput = [UInt8]((parts[0] + "." + parts[1]).utf8)
    }
}
