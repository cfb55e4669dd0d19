import Bytes
private import Formats
import Time

/// The time of a log line as RFC 3339 writes it: worked out once a second, since lines come by the thousand.
struct LogStamp: ~Copyable {
    private var second = Int64.min
    /// The time of the last line; its first 20 bytes hold for the whole second.
    private var text = ByteBuffer()

    init() {}

    /// Appends `2026-01-02T03:04:05.123Z`.
    mutating func write(_ time: Timestamp, into buffer: inout ByteBuffer) {
        let seconds = time.seconds
        if seconds != second {
            second = seconds
            text.clear()
            RFC3339.write(time, into: &text)
        }
        buffer.append(text.bytes.extracting(0..<20))
        let rest = Int(time.milliseconds - seconds * 1000)
        buffer.append(UInt8(48 + rest / 100))
        buffer.append(UInt8(48 + rest / 10 % 10))
        buffer.append(UInt8(48 + rest % 10))
        buffer.append("Z")
    }
}
