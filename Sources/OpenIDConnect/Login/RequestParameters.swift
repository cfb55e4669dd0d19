import Bytes
import Formats

/// What a browser may add to its authorization request (A20, A21, A25).
package struct RequestParameters: Sendable, Equatable {
    /// In the order given, each name once.
    let pairs: [Pair]
    /// Seconds, when `max_age` was given.
    let maxAge: Int?
    /// `prompt=none`: the provider must not show anything.
    let isSilent: Bool
    /// `prompt=login`.
    let asksForLogin: Bool

    struct Pair: Sendable, Equatable {
        let name: String
        let value: String
    }

    /// The longest value passed on, in bytes.
    package static let longestValue = 512

    /// Judges the query parameters of a login request.
    ///
    /// Names outside the allow-list are ignored, `redirect_uri` and its like with them; an allowed one with a bad value is
    /// refused, so that nobody believes it had an effect.
    package init(
        _ query: [(name: String, value: String)], settings: ProviderSettings, promptValues: [String]?
    ) throws(OpenIDConnectError) {
        var pairs: [Pair] = []
        for (name, value) in query where !value.isEmpty {
            guard settings.allowedParameters.contains(where: { $0.isExactly(name) }), !Self.isReserved(name) else {
                continue
            }
            guard !pairs.contains(where: { $0.name.isExactly(name) }), value.utf8.count <= Self.longestValue,
                !value.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
            else { throw .parameter(name) }
            pairs.append(Pair(name: name, value: value))
        }
        self.pairs = pairs
        func value(_ name: String) -> String? { pairs.first { $0.name == name }?.value }
        if let text = value("max_age") {
            guard let seconds = Int(text), (0...315_360_000).contains(seconds), text.utf8.allSatisfy(Self.isDigit)
            else {
                throw .parameter("max_age")
            }
            maxAge = seconds
        } else {
            maxAge = nil
        }
        let prompts = value("prompt").map { $0.split(separator: " ").map(String.init) } ?? []
        let known = promptValues ?? ["none", "login", "consent", "select_account", "create"]
        // `none` beside anything else is an error (OpenID Connect Core, section 3.1.2.1).
        guard prompts.allSatisfy({ known.contains($0) }), !prompts.contains("none") || prompts.count == 1 else {
            throw .parameter("prompt")
        }
        isSilent = prompts == ["none"]
        asksForLogin = prompts.contains("login")
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    /// Parameters that are ours to set, whatever the configuration or a browser says (A20, B27).
    package static func isReserved(_ name: String) -> Bool {
        let folded = name.lowercased()
        return folded.hasPrefix("code_challenge") || folded.hasPrefix("client_assertion") || reserved.contains(folded)
    }

    private static let reserved: Set<String> = [
        "client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce", "request",
        "request_uri",
        "resource", "claims", "client_secret", "code_verifier", "grant_type", "id_token_hint", "dpop_jkt",
    ]
}
