import Telemetry

/// `log`: what is written to stderr.
struct LogSection {
    let root: SectionReader

    func read() -> LogSettings {
        var settings = LogSettings()
        guard let section = root.section("log") else { return settings }
        var level = Level.info
        section.choice("level", into: &level)
        settings.level = LogLevel(name: level.rawValue) ?? settings.level
        section.choice("format", into: &settings.format)
        section.bool("access", into: &settings.access)
        section.finish()
        return settings
    }

    /// The words for a ``LogLevel``; `warn` is what many programs call a warning.
    private enum Level: String, CaseIterable {
        case debug, info, warning, error, warn
    }
}
