private import Synchronization
package import Time

/// Writes named events; cheap where the level filters them.
///
/// A value to hand around: all copies share the writer and the level, so that a reload turns the level everywhere.
package struct Logger: Sendable {
    private let writer: LogWriter
    private let time: TimeSource
    private let shared: SharedLevel
    private let fixed: [(StaticString, LogValue)]
    package let format: LogFormat

    package init(writer: LogWriter, level: LogLevel, format: LogFormat, time: TimeSource = .system) {
        self.writer = writer
        self.format = format
        self.time = time
        shared = SharedLevel(level)
        fixed = []
    }

    private init(_ other: Logger, adding fields: [(StaticString, LogValue)]) {
        writer = other.writer
        format = other.format
        time = other.time
        shared = other.shared
        fixed = other.fixed + fields
    }

    /// The level below which nothing is written; setting it reaches every copy of this logger.
    package var level: LogLevel {
        get { shared.level }
        nonmutating set { shared.level = newValue }
    }

    package func isEnabled(_ level: LogLevel) -> Bool { level >= shared.level }

    /// A logger that adds these fields to each of its lines.
    package func with(_ fields: [(StaticString, LogValue)]) -> Logger { Logger(self, adding: fields) }

    /// Writes one line.
    ///
    /// `event` is the line's `msg`: a fixed name such as `provider_unreachable`, never built from data.
    package func log(
        _ level: LogLevel, _ event: StaticString, _ fields: @autoclosure () -> [(StaticString, LogValue)] = []
    ) {
        guard isEnabled(level) else { return }
        var line = LogLine(format: format)
        line.begin(level, event, at: time.now())
        for (name, value) in fixed { line.field(name, value) }
        for (name, value) in fields() { line.field(name, value) }
        line.end()
        // What happened is read at once, by people and by whoever waits for it.
        writer.submit(line, isUrgent: true)
    }

    package func debug(_ event: StaticString, _ fields: @autoclosure () -> [(StaticString, LogValue)] = []) {
        log(.debug, event, fields())
    }

    package func info(_ event: StaticString, _ fields: @autoclosure () -> [(StaticString, LogValue)] = []) {
        log(.info, event, fields())
    }

    package func warning(_ event: StaticString, _ fields: @autoclosure () -> [(StaticString, LogValue)] = []) {
        log(.warning, event, fields())
    }

    package func error(_ event: StaticString, _ fields: @autoclosure () -> [(StaticString, LogValue)] = []) {
        log(.error, event, fields())
    }

    /// Hands over lines that a worker has written itself.
    package func submit(_ line: borrowing LogLine) { writer.submit(line) }

    /// Waits until all lines so far have left the process.
    package func flush() { writer.flush() }
}

private final class SharedLevel: Sendable {
    private let raw: Atomic<UInt8>

    init(_ level: LogLevel) { raw = Atomic(level.rawValue) }

    var level: LogLevel {
        get { LogLevel(rawValue: raw.load(ordering: .relaxed)) ?? .info }
        set { raw.store(newValue.rawValue, ordering: .relaxed) }
    }
}
