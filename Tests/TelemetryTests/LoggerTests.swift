import Bytes
import Testing
import Threads
import Time

@testable import Telemetry

/// Where log lines end up in tests.
final class CollectedLines: Sendable {
    private let bytes = Locked<[UInt8]>([])
    func take(_ more: [UInt8]) { bytes.withLock { $0 += more } }
    var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }
    var lines: [String] { text.split(separator: "\n").map(String.init) }
}

@Suite struct LoggerTests {
    private let clock = TimeSource(wall: { aMoment }, steady: { Instant(nanoseconds: 0) })

    private func collecting(_ level: LogLevel) throws -> (Logger, LogWriter, CollectedLines) {
        let lines = CollectedLines()
        let writer = try LogWriter(format: .text) {
            lines.take($0)
            return true
        }
        return (Logger(writer: writer, level: level, format: .text, time: clock), writer, lines)
    }

    @Test("Lines below the level are neither written nor computed")
    func filtering() throws {
        let (logger, writer, lines) = try collecting(.info)
        var computed = 0
        func fields() -> [(StaticString, LogValue)] {
            computed += 1
            return []
        }
        logger.debug("hidden", fields())
        logger.info("shown", fields())
        writer.close()
        #expect(computed == 1)
        #expect(lines.text == "2026-03-04T05:06:07.089Z info shown\n")
    }

    @Test("A new level reaches copies made before")
    func sharedLevel() throws {
        let (logger, writer, lines) = try collecting(.error)
        let copy = logger.with([("provider", "default")])
        copy.warning("hidden")
        logger.level = .debug
        copy.debug("shown", [("attempts", 3)])
        writer.close()
        #expect(lines.text == "2026-03-04T05:06:07.089Z debug shown provider=default attempts=3\n")
    }

    @Test("Level names are those of the configuration")
    func names() {
        #expect(LogLevel.allCases.map(\.name.description) == ["debug", "info", "warning", "error"])
        #expect(LogLevel(name: "warning") == .warning)
        #expect(LogLevel(name: "WARNING") == nil)
    }
}
