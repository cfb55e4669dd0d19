/// A value and the place it was read from, for checks that come later.
struct Located<Value> {
    let value: Value
    let mark: YAMLMark
    /// Came from the environment or a file, or belongs to a key that holds secrets: never printed.
    var isSecret = false

    func map<Other>(_ body: (Value) -> Other) -> Located<Other> {
        Located<Other>(value: body(value), mark: mark, isSecret: isSecret)
    }
}

extension Located {
    /// How text made of the value appears in a message.
    func shown(_ text: String) -> String { isSecret ? "a value that is not shown" : "\(Quoted(text))" }

    /// A hint made of the value; none where that must not be shown.
    func hint(_ text: @autoclosure () -> String?) -> String? { isSecret ? nil : text() }
}

extension Located<String> {
    /// How the value appears in a message.
    var shown: String { shown(value) }
}
