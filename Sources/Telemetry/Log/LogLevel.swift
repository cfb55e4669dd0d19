/// How much a log line matters.
///
/// The names are those of `log.level` in the configuration.
package enum LogLevel: UInt8, Sendable, Comparable, CaseIterable {
    case debug, info, warning, error

    /// The word in configuration and log lines.
    package var name: StaticString {
        switch self {
        case .debug: "debug"
        case .info: "info"
        case .warning: "warning"
        case .error: "error"
        }
    }

    /// The level of that name, or nil; `warn` is what many programs call a warning.
    package init?(name: String) {
        let name = name == "warn" ? "warning" : name
        guard let level = LogLevel.allCases.first(where: { $0.name.description == name }) else { return nil }
        self = level
    }

    package static func < (a: LogLevel, b: LogLevel) -> Bool { a.rawValue < b.rawValue }
}

/// The shape of a log line.
@usableFromInline
package enum LogFormat: String, Sendable, CaseIterable {
    /// One JSON object a line.
    case json
    /// `TIME LEVEL EVENT name=value …`, for eyes.
    case text
}

/// What a person may turn about logging: the `log:` block.
package struct LogSettings: Sendable, Equatable {
    /// Lines below this level are not written.
    ///
    /// Access lines are `info`.
    package var level = LogLevel.info
    package var format = LogFormat.json
    /// One line per exchange.
    package var access = true

    package init() {}
}
