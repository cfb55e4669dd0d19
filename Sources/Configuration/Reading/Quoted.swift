/// Text from a file inside a message: in backquotes, short, on one line.
struct Quoted: CustomStringConvertible {
    private let text: String

    init(_ text: some StringProtocol) { self.text = String(text) }

    var description: String {
        var shown = ""
        for scalar in text.unicodeScalars.prefix(80) {
            let isControl =
                scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
            shown += isControl ? "\\u{\(String(scalar.value, radix: 16))}" : String(Character(scalar))
        }
        return "`\(shown)\(text.unicodeScalars.count > 80 ? "…" : "")`"
    }
}
