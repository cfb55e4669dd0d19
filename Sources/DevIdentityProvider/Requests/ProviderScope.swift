/// The scope values that this provider knows, and what the consent page says about each.
enum ProviderScope: String, Sendable, CaseIterable {
    case openid, profile, email, address, phone, groups, roles
    case offlineAccess = "offline_access"
    /// For the demo API's inner rooms.
    case demoAdmin = "demo:admin"

    var meaning: String {
        switch self {
        case .openid: "Know who you are"
        case .profile: "See your profile"
        case .email: "See your e-mail address"
        case .address: "See your address"
        case .phone: "See your phone number"
        case .groups: "See your groups"
        case .roles: "See your roles"
        case .offlineAccess: "Stay signed in"
        case .demoAdmin: "Act as administrator"
        }
    }

    /// The claims that the scope opens (OpenID Connect Core 1.0, section 5.4).
    var claims: [String] {
        switch self {
        case .openid, .offlineAccess, .demoAdmin: []
        case .profile:
            [
                "name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile",
                "picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at", "department",
            ]
        case .email: ["email", "email_verified"]
        case .address: ["address"]
        case .phone: ["phone_number", "phone_number_verified"]
        case .groups: ["groups"]
        case .roles: ["roles"]
        }
    }
}

/// Identifiers of APIs (RFC 8707, section 2).
enum ResourceIdentifier {
    /// An absolute URI without a fragment.
    static func isOne(_ text: String) -> Bool {
        guard text.utf8.count <= 512, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x23 }),
            let colon = text.utf8.firstIndex(of: 0x3A), colon != text.utf8.startIndex,
            text.utf8.index(after: colon) != text.utf8.endIndex
        else { return false }
        return text.utf8[..<colon].allSatisfy { byte in
            (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || [0x2B, 0x2D, 0x2E].contains(byte)
        }
    }
}
