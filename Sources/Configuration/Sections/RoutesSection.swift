import Formats
import Routing

/// `routes`: which requests go where, and what they must bring.
struct RoutesSection {
    let root: SectionReader
    let sites: [URLParts]
    let endpoints: String
    /// The names below `upstreams`.
    let upstreams: [String]
    /// The names below `providers`; empty where there is one provider.
    let providers: [String]

    /// A route with the place that later checks point to.
    struct Entry {
        let settings: RouteSettings
        let section: SectionReader
    }

    func read() -> [Entry] {
        guard root.require("routes", hint: "a list of - path: …"), let list = root.list("routes") else { return [] }
        if list.value.isEmpty { root.context.error(list.mark, "`routes` is empty: every request would be 404") }
        let entries = list.value.enumerated().compactMap { index, node -> Entry? in
            guard let section = root.section(node, named: "routes[\(index)]") else { return nil }
            return RouteSection(section: section, upstreams: upstreams, providers: providers).read()
                .map { Entry(settings: $0, section: section) }
        }
        checkTogether(entries)
        return entries
    }

    /// What the routes are to one another and to the sites: the table that will choose among them has the last word.
    private func checkTogether(_ entries: [Entry]) {
        guard let prefix = try? PathPattern(prefix: endpoints), !sites.isEmpty else { return }
        let problems = RouteTable.problems(
            routes: entries.map(\.settings), siteHosts: sites.map(\.host), endpoints: prefix)
        for problem in problems {
            switch problem {
            case .equal(let first, let second):
                let line = entries[first].section.mark.line
                error(entries[second], "path", "this route is for the same requests as the one on line \(line)", nil)
            case .underEndpoints(let index):
                error(
                    entries[index], "path", "the path is at or below the gateway's own",
                    "see `endpoints.prefix`")
            case .unknownHost(let index):
                guard let host = entries[index].section.string("host", nullable: true) else { continue }
                let hint = host.hint(Suggestion.hint(for: host.value, among: sites.map(\.host)))
                error(entries[index], "host", "\(host.shown) is no host of `public_url`", hint)
            case .method(let index, _):
                error(entries[index], "methods", "one of these is no method that is forwarded", nil)
            case .tooManyMethods(let index):
                error(entries[index], "methods", "these are more method names than a table holds", nil)
            }
        }
    }

    private func error(_ entry: Entry, _ key: String, _ message: String, _ hint: String?) {
        let place = key == "path" && entry.section.has("exact") ? "exact" : key
        root.context.error(entry.section.valueMark(of: place), message, hint: hint)
    }
}
