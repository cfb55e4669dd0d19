/// Relaxations of the path reading that somebody wrote for a route (key `tolerate`, G71, G72).
package struct PathTolerances: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// `%2F` inside a segment, also read as a slash.
    package static let encodedSlash = PathTolerances(rawValue: 1 << 0)
    /// Empty segments, also read as if they were not there.
    package static let doubleSlash = PathTolerances(rawValue: 1 << 1)
    /// `;` parameters, also read as if they were not there.
    package static let semicolon = PathTolerances(rawValue: 1 << 2)
    /// `%25`, also read as a percent sign that is decoded again.
    package static let encodedPercent = PathTolerances(rawValue: 1 << 3)
    /// Paths that another route would take if case, or dots and spaces at the end of a segment, did not count.
    package static let letterCase = PathTolerances(rawValue: 1 << 4)

    /// The words of the configuration, in the order of the documentation.
    package static let names: [(name: String, value: PathTolerances)] = [
        ("encoded_slash", .encodedSlash), ("double_slash", .doubleSlash), ("semicolon", .semicolon),
        ("encoded_percent", .encodedPercent), ("letter_case", .letterCase),
    ]

    /// The tolerance of that name, or nil.
    package init?(named name: String) {
        guard let found = Self.names.first(where: { $0.name == name }) else { return nil }
        self = found.value
    }
}
