extension SectionReader {
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
