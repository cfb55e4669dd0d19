/// Claims that belong to the protocol, not to the user.
enum ProtocolClaims {
    /// Those that userinfo never replaces, and that logins and logouts depend on.
    static let names = [
        "iss", "sub", "aud", "exp", "iat", "nbf", "jti", "nonce", "azp", "at_hash", "c_hash", "s_hash", "auth_time",
        "acr",
        "amr", "sid", "events",
    ]

    /// Those that `/bff/user` does not show unless it is told to (C26).
    static let hidden = [
        "sid", "nonce", "at_hash", "c_hash", "s_hash", "aud", "azp", "exp", "iat", "nbf", "jti", "auth_time",
    ]
}
