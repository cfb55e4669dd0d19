import Bytes
import Formats

/// What a browser brought to the redirect URI; nothing of it is believed (A40–A48).
package struct AuthorizationCallback: Sendable {
    /// How the parameters came.
    package enum Arrival: Sendable {
        /// A GET with a query.
        case query
        /// A POST with a form.
        case form
    }

    package let arrival: Arrival
    package let state: String?
    let code: Secret?
    let issuer: String?
    let error: String?
    let errorDescription: String?

    /// Reads the query of a GET, or the body of a POST of `application/x-www-form-urlencoded`.
    ///
    /// A parameter without a value counts as left out (RFC 6749, section 3.1); one that comes twice is refused, even one
    /// that means nothing: two parsers would disagree on which of them counts.
    package init(_ encoded: Span<UInt8>, arrival: Arrival) throws(CallbackProblem) {
        guard encoded.count <= Self.longest, let pairs = try? FormEncoding.parse(encoded, limit: 50) else {
            throw .malformed
        }
        var values: [(name: String, value: String)] = []
        for pair in pairs {
            guard !values.contains(where: { $0.name.isExactly(pair.name) }) else { throw .repeatedParameter }
            values.append(pair)
        }
        func value(_ name: String) -> String? {
            values.first { $0.name.isExactly(name) && !$0.value.isEmpty }?.value
        }
        for token in ["access_token", "id_token", "token_type", "refresh_token"] where value(token) != nil {
            throw .tokenInResponse
        }
        if let code = value("code") {
            guard code.utf8.count <= Self.longestCode, code.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
                throw .malformedCode
            }
        }
        self.arrival = arrival
        state = value("state")
        code = value("code").map { Secret($0) }
        issuer = value("iss")
        error = value("error")
        errorDescription = value("error_description")
    }

    /// Bytes of a query or form.
    package static let longest = 64 * 1024
    /// Bytes of a code: as much as a provider may put into one, and little enough to be sent on.
    package static let longestCode = 4096
}

/// The state is as good as a password until it is used up.
extension AuthorizationCallback: CustomStringConvertible, CustomReflectable {
    package var description: String { "<authorization callback>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
