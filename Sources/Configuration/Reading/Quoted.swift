/// Text from a file inside a message: in backquotes, short, on one line.
struct Quoted: CustomStringConvertible {
    private static let limit = 120
    private let text: String

    init(_ text: some StringProtocol) { self.text = String(text) }

    var description: String {
        let scalars = text.unicodeScalars
        let shown = Quoted.escape(String(String.UnicodeScalarView(scalars.prefix(Quoted.limit))))
        return "`\(shown)\(scalars.count > Quoted.limit ? "…" : "")`"
    }

    /// The text with everything escaped that could end a line or steer a terminal.
    static func escape(_ text: String) -> String {
        var shown = ""
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                shown += "\\u{\(String(scalar.value, radix: 16))}"
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }
}
