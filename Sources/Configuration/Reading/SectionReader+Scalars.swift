extension SectionReader {
    /// A single value as text with its references followed; null counts as absent only where it may.
    func scalar(_ key: String, nullable: Bool = false, secret: Bool = false) -> Located<YAMLScalar>? {
        guard let node = nullable ? nullableValue(key) : value(key) else { return nil }
        return scalar(node, name(key), secret: secret)
    }

    /// A node as a single value; `name` is how messages call it.
    func scalar(_ node: YAMLNode, _ name: String, secret: Bool = false) -> Located<YAMLScalar>? {
        guard case .scalar(let scalar) = node.content else {
            context.error(node.mark, "\(name) is a single value, not \(node.kind)")
            return nil
        }
        do throws(SecretReference.Failure) {
            let expansion = try SecretReference(context: context).expand(scalar.text)
            for file in expansion.openFiles {
                context.warn(
                    node.mark, "\(name): every user of this machine may read \(Quoted(file))",
                    hint: "chmod o-r, or 0600")
            }
            // What came from outside has no quotes: `true` from a variable is true.
            let isPlain = scalar.isPlain || expansion.isSecret
            return Located(
                value: YAMLScalar(text: expansion.text, isPlain: isPlain), mark: node.mark,
                isSecret: secret || expansion.isSecret)
        } catch {
            context.error(node.mark, "\(name): \(error.message)", hint: error.hint)
            return nil
        }
    }

    /// A string that is not empty.
    func string(_ key: String, nullable: Bool = false, secret: Bool = false) -> Located<String>? {
        guard let node = nullable ? nullableValue(key) : value(key) else { return nil }
        return string(node, name(key), secret: secret)
    }

    /// A node as a string that is not empty.
    func string(_ node: YAMLNode, _ name: String, secret: Bool = false) -> Located<String>? {
        guard let scalar = scalar(node, name, secret: secret) else { return nil }
        if scalar.value.text.isEmpty {
            context.error(scalar.mark, "\(name) is empty")
            return nil
        }
        if case .scalar(let written) = node.content, written.bool != nil || written.isNull {
            context.error(
                scalar.mark, "\(name) is text, not \(Quoted(written.text))", hint: "put it in quotes if it is meant")
            return nil
        }
        if let control = scalar.value.text.unicodeScalars.first(where: { $0.value < 0x20 || $0.value == 0x7F }) {
            let what = control == "\n" || control == "\r" ? "a line break" : "a control character"
            context.error(scalar.mark, "\(name) holds \(what)")
            return nil
        }
        return scalar.map(\.text)
    }

    /// A list of strings that are not empty; broken elements are reported and left out.
    func strings(_ key: String, secret: Bool = false) -> Located<[Located<String>]>? {
        list(key).map { list in list.map { $0.compactMap { string($0, "an entry of \(name(key))", secret: secret) } } }
    }

    /// A list of strings without repetitions.
    func distinctStrings(_ key: String) -> Located<[Located<String>]>? {
        guard let list = strings(key) else { return nil }
        var seen: Set<String> = []
        for element in list.value where !seen.insert(element.value).inserted {
            context.error(element.mark, "\(name(key)) names \(element.shown) twice")
        }
        return list
    }

    func bool(_ key: String, into target: inout Bool) {
        guard let scalar = scalar(key) else { return }
        guard let value = scalar.value.bool else {
            let hint =
                ["yes", "on", "y", "1"].contains(scalar.value.text.lowercased()) ? "write true" : "write true or false"
            return wrong(scalar, key, "true or false", hint: hint)
        }
        target = value
    }

    func integer(_ key: String, into target: inout Int, in range: ClosedRange<Int>) {
        guard let scalar = scalar(key) else { return }
        let text = scalar.value.text
        guard scalar.value.isPlain, text.utf8.count <= 18, let value = Int(text), "\(value)" == text else {
            return wrong(scalar, key, "a whole number")
        }
        guard range.contains(value) else {
            return outside(scalar.mark, key, "\(range.lowerBound)", "\(range.upperBound)")
        }
        target = value
    }

    func duration(_ key: String, into target: inout Duration, in range: ClosedRange<Duration>) {
        guard let scalar = scalar(key) else { return }
        guard let value = DurationText.parse(scalar.value.text) else {
            return wrong(scalar, key, "a length of time", hint: "such as 500ms, 30s, 5m, 12h or 7d")
        }
        guard range.contains(value) else {
            return outside(scalar.mark, key, DurationText.write(range.lowerBound), DurationText.write(range.upperBound))
        }
        target = value
    }

    func size(_ key: String, into target: inout Int, in range: ClosedRange<Int>) {
        guard let scalar = scalar(key) else { return }
        guard let value = SizeText.parse(scalar.value.text) else {
            return wrong(scalar, key, "a size", hint: "such as 16KiB, 10MiB or 1GiB")
        }
        guard range.contains(value) else {
            return outside(scalar.mark, key, SizeText.write(range.lowerBound), SizeText.write(range.upperBound))
        }
        target = value
    }

    /// One of a closed set of words.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, into target: inout Choice
    ) where Choice.RawValue == String {
        if let choice: Choice = choice(key) { target = choice }
    }

    /// One of a closed set of words, or null.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, into target: inout Choice?
    ) where Choice.RawValue == String {
        if let choice: Choice = choice(key, nullable: true) { target = choice }
    }

    private func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, nullable: Bool = false
    ) -> Choice? where Choice.RawValue == String {
        guard let scalar = scalar(key, nullable: nullable) else { return nil }
        return choice(scalar.map(\.text), name(key))
    }

    /// A text as one of a closed set of words; `name` is how messages call it.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ text: Located<String>, _ name: String
    ) -> Choice? where Choice.RawValue == String {
        if let choice = Choice(rawValue: text.value) { return choice }
        let words = Choice.allCases.map(\.rawValue)
        context.error(
            text.mark, "\(name) is \(Listing.any(of: words)), not \(text.shown)",
            hint: text.isSecret ? nil : Suggestion.hint(for: text.value, among: words))
        return nil
    }

    /// A list of words from a closed set, each at most once.
    func choices<Choice: RawRepresentable & CaseIterable & Hashable>(
        _ key: String
    ) -> [Located<Choice>]? where Choice.RawValue == String {
        distinctStrings(key)?.value.compactMap { text in
            let choice: Choice? = choice(text, "an entry of \(name(key))")
            return choice.map { choice in text.map { _ in choice } }
        }
    }

    private func wrong(_ scalar: Located<YAMLScalar>, _ key: String, _ expected: String, hint: String? = nil) {
        let shown = scalar.map(\.text).shown
        context.error(scalar.mark, "\(name(key)) is \(expected), not \(shown)", hint: hint)
    }

    private func outside(_ mark: YAMLMark, _ key: String, _ least: String, _ most: String) {
        context.error(mark, "\(name(key)) is between \(least) and \(most)")
    }
}

/// Words in a sentence.
enum Listing {
    /// `a`, `a or b`, `a, b or c`.
    static func any(of words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return words.first ?? "" }
        return words.dropLast().joined(separator: ", ") + " or " + last
    }
}
