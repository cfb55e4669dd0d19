private import COpenSSL

/// HMAC (RFC 2104).
///
/// A message of several parts must be put together with ``LengthPrefixed``; compare tags with `ConstantTime`.
package enum MessageAuthentication {
    /// HMAC-SHA-256, 32 bytes.
    package static func sha256(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        var tag = [UInt8](repeating: 0, count: HashAlgorithm.sha256.count)
        let written = unsafe HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &tag, nil)
        // Only lack of memory makes it fail; a tag of zeros must never leave.
        precondition(unsafe written != nil, "no authentication tag")
        return tag
    }
}
