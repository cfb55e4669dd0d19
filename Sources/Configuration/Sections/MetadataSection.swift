import Formats
import OpenIDConnect

/// `provider.metadata`: members that complete or replace those of the discovery document.
struct MetadataSection {
    let section: SectionReader
    /// The provider as far as it was read: its addresses, and what it is asked for.
    let provider: ProviderSettings

    private var context: ReadingContext { section.context }

    func read() -> JSONObject {
        var object = JSONObject()
        let address = ProviderAddress(provider)
        for entry in section.namedValues {
            // D3: what names the provider comes from the provider alone.
            if entry.key == "issuer" {
                context.error(
                    entry.mark, "\(Quoted(section.path)) never replaces the issuer",
                    hint: "use `\(section.path.split(separator: ".").dropLast().joined(separator: ".")).issuer`")
            } else if let value = json(entry.value) {
                object[entry.key] = value
                check(MetadataMember(name: entry.key, value: value), address, entry)
            }
        }
        return object
    }

    private func check(_ member: MetadataMember, _ address: ProviderAddress?, _ entry: YAMLEntry) {
        guard let kind = member.kind else { return suspect(entry) }
        guard let problem = member.problem(provider, address) else { return }
        let name = section.name(member.name)
        switch problem {
        case .wrongType: context.error(entry.value.mark, "\(name) is \(Self.explain(kind))")
        case .missing: context.error(entry.value.mark, "\(name): without it nobody could sign in")
        case .endpoint(_, let reason):
            context.error(entry.value.mark, "\(name): \(reason.rawValue)", hint: problem.hint)
        case .clientAuthenticationUnsupported:
            // Without the methods, which may come from outside.
            context.error(
                entry.value.mark, "\(name): nobody could sign in, for this `client_authentication` is not among them",
                hint: problem.hint)
        default:
            context.error(
                entry.value.mark, "\(name): nobody could sign in, for \(problem.message)", hint: problem.hint)
        }
    }

    private static func explain(_ kind: MetadataMember.Kind) -> String {
        switch kind {
        case .endpoint: "the address of an endpoint"
        case .words: "a list of words"
        case .flag: "true or false"
        case .text: "text"
        case .object: "a block of keys"
        }
    }

    /// Providers have members of their own; one that is nearly a known one is more likely a slip.
    private func suspect(_ entry: YAMLEntry) {
        guard let near = Suggestion.nearest(to: entry.key, among: MetadataMember.known),
            Suggestion.distance(Array(entry.key.utf8), Array(near.utf8)) <= 3
        else { return }
        context.warn(
            entry.mark, "\(section.name(entry.key)) is no member that is known here", hint: "did you mean \(near)?")
    }

    private func json(_ node: YAMLNode) -> JSONValue? {
        switch node.content {
        case .sequence(let nodes): return .array(nodes.compactMap(json))
        case .mapping(let entries):
            return .object(JSONObject(entries.compactMap { entry in json(entry.value).map { (entry.key, $0) } }))
        case .scalar(let written):
            if written.isNull { return .null }
            guard let scalar = section.scalar(node, "a value of \(Quoted(section.path))") else { return nil }
            if let bool = scalar.value.bool { return .bool(bool) }
            if written.isPlain, let integer = Int64(scalar.value.text) { return .integer(integer) }
            return .string(scalar.value.text)
        }
    }
}
