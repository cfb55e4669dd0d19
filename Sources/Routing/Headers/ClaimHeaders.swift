package import Formats

/// Headers that show claims, compiled from a route's rules.
package struct ClaimHeaders: Sendable, Equatable {
    struct Rule: Sendable, Equatable {
        let name: String
        let template: HeaderTemplate
    }

    /// The claims that the headers show; a userinfo request may be due for them.
    package let claims: [ClaimPath]
    private let rules: [Rule]
    private let identity: IdentityClaims

    /// In bytes.
    package static let valueLimit = 8 * 1024

    init(_ rules: [Rule], _ identity: IdentityClaims) {
        self.rules = rules
        self.identity = identity
        claims = rules.flatMap(\.template.claims)
    }

    package var isEmpty: Bool { rules.isEmpty }

    /// The field lines for a user: rendered once, kept with the session, copied into each message.
    ///
    /// A claim without a value leaves its header out (E33).
    package func rendered(for claims: JSONObject) -> (lines: [UInt8], omissions: [HeaderOmission]) {
        var lines: [UInt8] = []
        var omissions: [HeaderOmission] = []
        nextRule: for rule in rules {
            var value = ""
            for part in rule.template.parts {
                switch part {
                case .text(let text):
                    value += text
                case .claim(let path):
                    switch ClaimText.of(path, in: claims, identity) {
                    case .text(let text): value += text
                    case .missing: continue nextRule
                    case .omitted(let reason):
                        omissions.append(HeaderOmission(header: rule.name, claim: path.text, reason: reason))
                        continue nextRule
                    }
                }
            }
            if value.utf8.count > Self.valueLimit {
                let claim = rule.template.claims.first?.text ?? ""
                omissions.append(HeaderOmission(header: rule.name, claim: claim, reason: .size))
                continue
            }
            lines += "\(rule.name): \(value)\r\n".utf8
        }
        return (lines, omissions)
    }
}
