import Formats

/// `public_url`: the origins under which browsers know this gateway.
struct SiteSection {
    let root: SectionReader

    /// The origins; empty when there is none that can be used, which was reported then.
    func read() -> [URLParts] {
        guard root.require("public_url", hint: "the address that browsers use, such as https://app.example.com"),
            let node = root.value("public_url")
        else { return [] }
        guard case .sequence = node.content else {
            return [root.string("public_url").flatMap(site)].compactMap(\.self)
        }
        guard let list = root.strings("public_url") else { return [] }
        if list.value.isEmpty { root.context.error(list.mark, "`public_url` is empty") }
        if list.value.count > 1 {
            root.context.error(list.mark, "more than one `public_url` is not supported yet", hint: "give one")
        }
        return list.value.compactMap(site)
    }

    private func site(_ text: Located<String>) -> URLParts? {
        let context = root.context
        guard let parts = URLParts(text.value), ["http", "https"].contains(parts.scheme) else {
            context.error(text.mark, "`public_url` is an address such as https://app.example.com, not \(text.shown)")
            return nil
        }
        if !["", "/"].contains(parts.path) || parts.query != nil || parts.fragment != nil {
            context.error(
                text.mark, "`public_url` is an origin: it has no path, query or fragment",
                hint: text.hint("write \(parts.origin)")
            )
            return nil
        }
        if parts.scheme == "http" && !NetworkName.isLoopbackToBrowsers(parts.host) {
            context.error(
                text.mark,
                "`public_url` is https except for localhost, names that end in .localhost and loopback addresses",
                hint: text.hint("write https://\(parts.authority); TLS may end at a load balancer in front"))
            return nil
        }
        return parts
    }
}
