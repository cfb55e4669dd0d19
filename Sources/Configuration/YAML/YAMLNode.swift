/// A value of a YAML text and where it begins.
///
/// The tree is strict: no aliases, no tags, no repeated keys, keys that are plain words.
struct YAMLNode: Sendable, Equatable {
    enum Content: Sendable, Equatable {
        case scalar(YAMLScalar)
        case sequence([YAMLNode])
        case mapping([YAMLEntry])
    }

    let content: Content
    let mark: YAMLMark

    /// True for `null`, `~` and nothing at all.
    var isNull: Bool {
        guard case .scalar(let scalar) = content else { return false }
        return scalar.isNull
    }

    /// What it is, for messages.
    var kind: String {
        switch content {
        case .scalar: isNull ? "nothing" : "a single value"
        case .sequence: "a list"
        case .mapping: "a block of keys"
        }
    }
}

/// A key and its value, in the order of the text.
struct YAMLEntry: Sendable, Equatable {
    let key: String
    let mark: YAMLMark
    let value: YAMLNode
}

/// A single value as text; what it means is decided by the key it belongs to.
struct YAMLScalar: Sendable, Equatable {
    let text: String
    /// Written without quotes: only then can it be null, a number or true.
    let isPlain: Bool

    /// The core schema's words for null (YAML 1.2.2, section 10.3.2).
    var isNull: Bool { isPlain && ["", "~", "null", "Null", "NULL"].contains(text) }
    /// `true` or `false`; other words for it in YAML 1.1 are not taken.
    var bool: Bool? { isPlain ? Bool(text) : nil }
}
