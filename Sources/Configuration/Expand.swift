/// What `text` stands for, with the references of a configuration: `${env:NAME}` and `${file:PATH}`.
///
/// For secrets on a command line, which every process of a machine may read. Called with the module's name,
/// `Configuration.expand(_:environment:)`. Relative paths begin at the working directory.
package func expand(
    _ text: String, environment: [String: String], files: ConfigurationFiles = .system
) throws(ReferenceError) -> String {
    let context = ReadingContext(file: "", environment: environment, files: files)
    do throws(SecretReference.Failure) {
        return try SecretReference(context: context).expand(text).text
    } catch {
        throw ReferenceError(reason: error.hint.map { "\(error.message); \($0)" } ?? error.message)
    }
}

/// Why a reference leads nowhere, and what to do about it; never holds a value.
package struct ReferenceError: Error, Sendable, Equatable {
    package let reason: String
}
