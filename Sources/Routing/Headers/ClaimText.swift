private import Bytes
import Formats

/// Why a header was left out of a request; for the log.
package struct HeaderOmission: Sendable, Equatable {
    package enum Reason: Sendable, Equatable {
        /// An e-mail address without `email_verified` (C27).
        case unverifiedEmail
        /// A comma inside a value of a list would make two of it (E33).
        case comma
        /// A control, or a byte beyond ASCII, which upstreams read in different ways (G36).
        case character
        /// An object, or a list of lists.
        case structure
        /// More than ``ClaimHeaders/valueLimit``.
        case size

        package var label: StaticString {
            switch self {
            case .unverifiedEmail: "unverified_email"
            case .comma: "comma"
            case .character: "character"
            case .structure: "structure"
            case .size: "size"
            }
        }
    }

    package let header: String
    package let claim: String
    package let reason: Reason
}

/// A claim's value as text for a field.
enum ClaimText {
    enum Outcome: Equatable {
        case text(String)
        /// Without a value there is no header, and nothing to tell.
        case missing
        case omitted(HeaderOmission.Reason)
    }

    static func of(_ path: ClaimPath, in claims: JSONObject, _ identity: IdentityClaims) -> Outcome {
        guard let value = path.value(in: claims) else { return .missing }
        if identity.isUnprovedEmail(path, in: claims) { return .omitted(.unverifiedEmail) }
        guard case .array(let elements) = value else { return scalar(value, allowsComma: !identity.isList(path)) }
        var texts: [String] = []
        for element in elements {
            switch scalar(element, allowsComma: false) {
            case .text(let text): texts.append(text)
            case .missing: continue
            case .omitted(let reason): return .omitted(reason)
            }
        }
        return texts.isEmpty ? .missing : .text(texts.joined(separator: ","))
    }

    private static func scalar(_ value: JSONValue, allowsComma: Bool) -> Outcome {
        let text: String
        switch value {
        case .null: return .missing
        case .bool(let flag): text = flag ? "true" : "false"
        case .integer(let number): text = String(number)
        case .number: text = value.text
        case .string(let string): text = string
        case .array, .object: return .omitted(.structure)
        }
        if text.isEmpty { return .missing }
        // White space at the ends would be trimmed on the way, and the value be another one.
        let isClean =
            text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } && text.utf8.first != 0x20 && text.utf8.last != 0x20
        guard isClean else { return .omitted(.character) }
        guard allowsComma || !text.utf8.contains(UInt8(ascii: ",")) else { return .omitted(.comma) }
        return .text(text)
    }
}
