import Formats

/// `provider.metadata`: members that complete or replace those of the discovery document.
struct MetadataSection {
    let section: SectionReader

    func read() -> JSONObject {
        var object = JSONObject()
        for entry in section.namedValues {
            // D3: what names the provider comes from the provider alone.
            if entry.key == "issuer" {
                section.context.error(
                    entry.mark, "`provider.metadata` never replaces the issuer", hint: "use `provider.issuer`")
            } else if let value = json(entry.value) {
                object[entry.key] = value
            }
        }
        return object
    }

    private func json(_ node: YAMLNode) -> JSONValue? {
        switch node.content {
        case .sequence(let nodes): return .array(nodes.compactMap(json))
        case .mapping(let entries):
            return .object(JSONObject(entries.compactMap { entry in json(entry.value).map { (entry.key, $0) } }))
        case .scalar(let written):
            if written.isNull { return .null }
            guard let scalar = section.scalar(node, "a value of `provider.metadata`") else { return nil }
            if let bool = scalar.value.bool { return .bool(bool) }
            if written.isPlain, let integer = Int64(scalar.value.text) { return .integer(integer) }
            return .string(scalar.value.text)
        }
    }
}
