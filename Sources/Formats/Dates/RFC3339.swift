package import Bytes
package import Time

/// Timestamps in logs and configuration (RFC 3339).
package enum RFC3339 {
    /// Writes 24 bytes, without allocating.
    ///
    ///     2026-01-02T03:04:05.123Z
    package static func write(_ time: Timestamp, into buffer: inout ByteBuffer) {
        let civil = CivilTime(time)
        CivilTime.append(fourDigits: civil.year, to: &buffer)
        buffer.append("-")
        CivilTime.append(twoDigits: civil.month, to: &buffer)
        buffer.append("-")
        CivilTime.append(twoDigits: civil.day, to: &buffer)
        buffer.append("T")
        CivilTime.append(twoDigits: civil.hour, to: &buffer)
        buffer.append(":")
        CivilTime.append(twoDigits: civil.minute, to: &buffer)
        buffer.append(":")
        CivilTime.append(twoDigits: civil.second, to: &buffer)
        buffer.append(".")
        buffer.append(UInt8(48 + civil.millisecond / 100))
        CivilTime.append(twoDigits: civil.millisecond % 100, to: &buffer)
        buffer.append("Z")
    }

    package static func string(_ time: Timestamp) -> String {
        var buffer = ByteBuffer(capacity: 32)
        write(time, into: &buffer)
        return String(decoding: buffer.array, as: UTF8.self)
    }

    /// Reads a timestamp with `Z` or a numeric offset and any number of fraction digits; below a millisecond is cut off.
    package static func parse(_ text: Span<UInt8>) -> Timestamp? {
        guard text.count >= 20, let year = CivilTime.digits(text, 0, 4), text[4] == UInt8(ascii: "-"),
            let month = CivilTime.digits(text, 5, 2), text[7] == UInt8(ascii: "-"),
            let day = CivilTime.digits(text, 8, 2), text[10] | 0x20 == UInt8(ascii: "t"),
            let hour = CivilTime.digits(text, 11, 2), text[13] == UInt8(ascii: ":"),
            let minute = CivilTime.digits(text, 14, 2), text[16] == UInt8(ascii: ":"),
            let second = CivilTime.digits(text, 17, 2)
        else { return nil }
        var at = 19
        guard let millisecond = fraction(text, &at), let offset = offset(text, at),
            let local = CivilTime(
                year: year, month: month, day: day, hour: hour, minute: minute, second: second,
                millisecond: millisecond
            ).timestamp
        else { return nil }
        let time = local - .seconds(offset)
        // The offset may lead out of the years that can be written.
        return CivilTime.writable.contains(time) ? time : nil
    }

    package static func parse(_ text: String) -> Timestamp? { parse(text.utf8Span.span) }

    private static func fraction(_ text: Span<UInt8>, _ at: inout Int) -> Int? {
        guard text[at] == UInt8(ascii: ".") else { return 0 }
        at += 1
        let start = at
        var milliseconds = 0
        while at < text.count, ByteClass.digit.contains(text[at]) {
            let scale = [100, 10, 1]
            if at - start < 3 { milliseconds += Int(text[at] - 48) * scale[at - start] }
            at += 1
        }
        return at > start ? milliseconds : nil
    }

    /// Seconds east of UTC.
    private static func offset(_ text: Span<UInt8>, _ at: Int) -> Int64? {
        guard at < text.count else { return nil }
        if text[at] | 0x20 == UInt8(ascii: "z") { return at + 1 == text.count ? 0 : nil }
        guard text[at] == UInt8(ascii: "+") || text[at] == UInt8(ascii: "-"), at + 6 == text.count,
            let hours = CivilTime.digits(text, at + 1, 2), text[at + 3] == UInt8(ascii: ":"),
            let minutes = CivilTime.digits(text, at + 4, 2), hours < 24, minutes < 60
        else { return nil }
        let seconds = Int64(hours * 3600 + minutes * 60)
        return text[at] == UInt8(ascii: "+") ? seconds : -seconds
    }
}
