/// `${env:NAME}`, `${env:NAME:-default}` and `${file:/path}` inside a value; `$${` stands for `${` itself.
struct SecretReference {
    /// A value after its references were followed.
    struct Expansion: Equatable {
        var text: String
        /// True when some of it came from the environment or a file: it is never printed.
        var isSecret = false
        /// Files among its sources that every user of the machine may read.
        var openFiles: [String] = []
    }

    /// Why a reference leads nowhere.
    struct Failure: Error, Equatable {
        let message: String
        var hint: String?
    }

    let context: ReadingContext

    /// The value that `text` stands for.
    func expand(_ text: String) throws(Failure) -> Expansion {
        var result = Expansion(text: "")
        var rest = text[...]
        while let dollar = rest.firstRange(of: "${") {
            let before = rest[..<dollar.lowerBound]
            if before.last == "$" {
                result.text += before.dropLast() + "${"
                rest = rest[dollar.upperBound...]
                continue
            }
            guard let close = rest[dollar.upperBound...].firstIndex(of: "}") else {
                throw Failure(message: "a reference begins with ${ and never ends", hint: "close it with }")
            }
            result.text += before + (try value(of: rest[dollar.upperBound..<close], &result.openFiles))
            result.isSecret = true
            rest = rest[rest.index(after: close)...]
        }
        result.text += rest
        return result
    }

    private func value(of reference: Substring, _ openFiles: inout [String]) throws(Failure) -> String {
        if reference.contains("${") { throw Failure(message: "a reference cannot hold another one") }
        if reference.hasPrefix("env:") { return try variable(reference.dropFirst(4)) }
        if reference.hasPrefix("file:") { return try contents(String(reference.dropFirst(5)), &openFiles) }
        throw Failure(
            message: "\(Quoted("${\(reference)}")) is no reference",
            hint: "there are ${env:NAME}, ${env:NAME:-default} and ${file:/path}; $${ is a plain ${")
    }

    /// An unset variable is an error rather than an empty string: an empty secret would open something.
    private func variable(_ text: Substring) throws(Failure) -> String {
        let separator = text.firstRange(of: ":-")
        let name = String(separator.map { text[..<$0.lowerBound] } ?? text)
        let isName = name.utf8.first.map { !(48...57).contains($0) } ?? false
        guard isName, name.utf8.allSatisfy(Self.isNameByte) else {
            throw Failure(message: "\(Quoted(name)) is no name of an environment variable")
        }
        let value = context.environment[name]
        if let separator { return value.flatMap { $0.isEmpty ? nil : $0 } ?? String(text[separator.upperBound...]) }
        guard let value else {
            throw Failure(
                message: "the environment variable \(name) is not set",
                hint: "set it, or give a default with ${env:\(name):-default}")
        }
        return value
    }

    private func contents(_ name: String, _ openFiles: inout [String]) throws(Failure) -> String {
        guard !name.isEmpty else { throw Failure(message: "${file:} names no file") }
        let path = context.path(name)
        let bytes: [UInt8]
        do throws(ConfigurationFileError) {
            bytes = try context.files.read(path)
        } catch {
            throw Failure(message: "the file \(Quoted(path)) cannot be read: \(error.reason)")
        }
        guard bytes.count <= 1 << 16 else { throw Failure(message: "the file \(Quoted(path)) is larger than 64 KiB") }
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw Failure(message: "the file \(Quoted(path)) is not text")
        }
        if isOpen(path) { openFiles.append(path) }
        return text.utf8.last == 0x0A ? String(Substring(text.utf8.dropLast())) : text
    }

    /// Whether others than owner and group may read a file (B15).
    ///
    /// Below `/run` container engines mount secrets that are open inside the container only.
    private func isOpen(_ path: String) -> Bool {
        if path.hasPrefix("/run/") || path.hasPrefix("/var/run/") { return false }
        return context.files.mode(path).map { $0 & 0o004 != 0 } ?? false
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte & 0xDF) || byte == UInt8(ascii: "_")
    }
}
