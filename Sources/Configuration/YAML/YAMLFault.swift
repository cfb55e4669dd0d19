/// What is wrong with a YAML text, and where.
struct YAMLFault: Error, Equatable {
    let mark: YAMLMark
    let message: String
    var hint: String?
}
