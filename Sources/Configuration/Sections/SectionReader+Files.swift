extension SectionReader {
    /// The path of a file: text, and no number that somebody wrote in its place.
    func path(_ key: String, nullable: Bool = false) -> Located<String>? {
        guard let text = string(key, nullable: nullable) else { return nil }
        if text.value.utf8.allSatisfy({ (48...57).contains($0) || $0 == UInt8(ascii: ".") }) {
            context.error(
                text.mark, "\(name(key)) is the path of a file, not \(text.shown)",
                hint: text.hint("./\(text.value) if it is meant"))
        }
        return text
    }

    /// The path of a PEM bundle, absolute where the configuration's is; nil when there is none, which is reported.
    func certificates(_ text: Located<String>, _ name: String) -> String? {
        let path = context.path(text.value)
        do throws(ConfigurationFileError) {
            let bytes = try context.files.read(path)
            let begin = Array("-----BEGIN CERTIFICATE-----".utf8)
            guard bytes.firstRange(of: begin) != nil else {
                context.error(
                    text.mark, "\(name): the file \(text.shown(path)) holds no certificate", hint: "PEM is expected")
                return nil
            }
            return path
        } catch {
            context.error(text.mark, "\(name): the file \(text.shown(path)) cannot be read: \(error.reason)")
            return nil
        }
    }
}
