/// Reads one block of keys: each key is asked for once, what nobody asked for is unknown.
///
/// Reading goes on after a mistake, so that all of them are found; a key that was wrong leaves its default behind.
final class SectionReader {
    let context: ReadingContext
    /// The keys that lead here, for messages: `provider.logout`; empty at the top.
    let path: String
    let mark: YAMLMark
    private let entries: [YAMLEntry]
    private var asked: [String] = []

    init(_ entries: [YAMLEntry], mark: YAMLMark, path: String, context: ReadingContext) {
        self.entries = entries
        self.mark = mark
        self.path = path
        self.context = context
    }

    /// The names and values of a block whose keys a person chose, such as `upstreams`.
    var namedValues: [YAMLEntry] { entries }

    /// The entry of a key, also when it is null.
    func entry(_ key: String) -> YAMLEntry? {
        if !asked.contains(key) { asked.append(key) }
        return entries.first { $0.key == key }
    }

    func has(_ key: String) -> Bool { entry(key) != nil }

    /// Where a key stands, else where the block does.
    func mark(of key: String) -> YAMLMark { entry(key)?.mark ?? mark }

    /// Where the value of a key stands, else where the block does.
    func valueMark(of key: String) -> YAMLMark { entry(key)?.value.mark ?? mark }

    /// A key as messages name it.
    func name(_ key: String) -> String { "\(Quoted(path.isEmpty ? key : "\(path).\(key)"))" }

    /// The value of a key that must not be null where it stands.
    func value(_ key: String) -> YAMLNode? {
        guard let node = entry(key)?.value else { return nil }
        if node.isNull {
            context.error(node.mark, "\(name(key)) has no value", hint: "leave the key out for its default")
            return nil
        }
        return node
    }

    /// The value of a key that may be null, and is then absent.
    func nullableValue(_ key: String) -> YAMLNode? {
        guard let node = entry(key)?.value, !node.isNull else { return nil }
        return node
    }

    /// Reports a key that must be there; true when it is.
    @discardableResult func require(_ key: String, hint: String? = nil) -> Bool {
        if has(key) { return true }
        context.error(mark, "\(name(key)) is missing", hint: hint)
        return false
    }

    /// The block below a key.
    func section(_ key: String, nullable: Bool = false) -> SectionReader? {
        guard let node = nullable ? nullableValue(key) : value(key) else { return nil }
        return section(node, named: path.isEmpty ? key : "\(path).\(key)")
    }

    /// A block that is not the value of a plain key: an element of a list, an entry of a named block.
    func section(_ node: YAMLNode, named path: String) -> SectionReader? {
        guard case .mapping(let entries) = node.content else {
            context.error(node.mark, "\(Quoted(path)) is a block of keys, not \(node.kind)")
            return nil
        }
        return SectionReader(entries, mark: node.mark, path: path, context: context)
    }

    /// The elements of the list at a key.
    func list(_ key: String) -> Located<[YAMLNode]>? {
        guard let node = value(key) else { return nil }
        guard case .sequence(let nodes) = node.content else {
            context.error(
                node.mark, "\(name(key)) is a list, not \(node.kind)", hint: "[a, b], or lines that begin with -")
            return nil
        }
        return Located(value: nodes, mark: node.mark)
    }

    /// Reports the keys nobody asked for.
    ///
    /// Call when all were.
    func finish() {
        context.note(asked.map { path.isEmpty ? $0 : "\(path).\($0)" })
        for entry in entries where !asked.contains(entry.key) {
            let place = path.isEmpty ? "" : " in \(Quoted(path))"
            context.error(
                entry.mark, "unknown key \(Quoted(entry.key))\(place)",
                hint: Suggestion.hint(for: entry.key, among: asked))
        }
    }

    /// Reports a key whose value asks for something this version cannot do.
    ///
    /// - Parameter isDefault: whether the value changes nothing.
    func refuseUnsupported(_ key: String, unless isDefault: Bool, _ what: String? = nil) {
        guard !isDefault, let entry = entry(key) else { return }
        // A value from outside is not shown, and some names for what is refused hold the value.
        var shown = what ?? name(key)
        if case .scalar(let scalar) = entry.value.content, scalar.text.contains("${") { shown = name(key) }
        context.error(entry.value.mark, "\(shown) is not supported yet", hint: "leave it at its default")
    }
}
