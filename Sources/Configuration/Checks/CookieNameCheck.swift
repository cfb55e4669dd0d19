import Bytes
import Formats

/// Whether browsers will keep the session cookie, and nothing else can pass for it (E5, 6265bis, section 4.1.3).
struct CookieNameCheck {
    let context: ReadingContext
    let sites: [URLParts]

    private static let prefixes = ["__Host-Http-", "__Host-", "__Secure-", "__Http-"]

    func check(_ name: Located<String>) {
        let text = name.value
        guard text.utf8.allSatisfy(ByteClass.token.contains), text.utf8.count <= 128 else {
            context.error(
                name.mark, "`session.cookie` is no cookie name: \(name.shown)", hint: "letters, digits, - and _")
            return
        }
        let prefix = Self.prefixes.first { text.hasPrefix($0) }
        let rest = text.dropFirst(prefix?.count ?? 0)
        // Browsers judge the prefix in any case, and drop the cookie where its case is wrong.
        if prefix == nil, let meant = Self.prefixes.first(where: { text.lowercased().hasPrefix($0.lowercased()) }) {
            context.error(name.mark, "`session.cookie` begins with \(meant) in exactly these letters")
        } else if prefix?.hasPrefix("__Host-") != true, sites.contains(where: { $0.scheme == "https" }) {
            context.error(
                name.mark, "`session.cookie` begins with __Host- where `public_url` is https",
                hint: name.hint("write __Host-Http-\(rest.isEmpty ? "postern" : rest)"))
        } else if rest.isEmpty {
            context.error(name.mark, "`session.cookie` is only a prefix", hint: name.hint("write \(text)postern"))
        } else if isOneOfOurOthers(rest) {
            context.error(
                name.mark, "`session.cookie` has the name of another cookie of the gateway",
                hint: "such as __Host-Http-postern")
        }
    }

    private func isOneOfOurOthers(_ name: Substring) -> Bool {
        let folded = name.lowercased()
        return folded.hasPrefix("postern-login") || folded == "postern-logout" || folded == "postern-loop"
    }
}
