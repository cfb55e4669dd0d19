package import Bytes
package import Time

/// Dates in HTTP fields (RFC 9110, section 5.6.7): one form is written, three are read.
package enum HTTPDate {
    /// Writes the 29 bytes of an IMF-fixdate, without allocating.
    ///
    ///     Sun, 06 Nov 1994 08:49:37 GMT
    package static func write(_ time: Timestamp, into buffer: inout ByteBuffer) {
        let civil = CivilTime(time)
        appendName(weekdays, civil.weekday, to: &buffer)
        buffer.append(", ")
        CivilTime.append(twoDigits: civil.day, to: &buffer)
        buffer.append(" ")
        appendName(months, civil.month - 1, to: &buffer)
        buffer.append(" ")
        CivilTime.append(fourDigits: civil.year, to: &buffer)
        buffer.append(" ")
        CivilTime.append(twoDigits: civil.hour, to: &buffer)
        buffer.append(":")
        CivilTime.append(twoDigits: civil.minute, to: &buffer)
        buffer.append(":")
        CivilTime.append(twoDigits: civil.second, to: &buffer)
        buffer.append(" GMT")
    }

    package static func string(_ time: Timestamp) -> String {
        var buffer = ByteBuffer(capacity: 32)
        write(time, into: &buffer)
        return String(decoding: buffer.array, as: UTF8.self)
    }

    /// Reads IMF-fixdate, RFC 850 and asctime dates; nil for anything else.
    ///
    /// The name of the day is not compared with the date. A two-digit year lies at most 50 years ahead of `now`.
    package static func parse(_ text: Span<UInt8>, now: Timestamp = .read()) -> Timestamp? {
        guard let comma = text.firstIndex(of: UInt8(ascii: ",")) else { return asctime(text) }
        return comma == 3 ? fixdate(text) : rfc850(text, from: comma, now: now)
    }

    // Sun, 06 Nov 1994 08:49:37 GMT
    private static func fixdate(_ text: Span<UInt8>) -> Timestamp? {
        guard text.count == 29, has(text, 3, ", "), has(text, 7, " "), has(text, 11, " "), has(text, 16, " "),
            has(text, 25, " GMT"), index(of: text, 0, in: weekdays) != nil,
            let day = CivilTime.digits(text, 5, 2), let month = index(of: text, 8, in: months),
            let year = CivilTime.digits(text, 12, 4)
        else { return nil }
        return timestamp(text, timeAt: 17, year: year, month: month + 1, day: day)
    }

    // Sunday, 06-Nov-94 08:49:37 GMT
    private static func rfc850(_ text: Span<UInt8>, from comma: Int, now: Timestamp) -> Timestamp? {
        guard text.count == comma + 24, (6...9).contains(comma), has(text, comma, ", "), has(text, comma + 4, "-"),
            has(text, comma + 8, "-"), has(text, comma + 11, " "), has(text, comma + 20, " GMT"),
            let weekday = index(of: text, 0, in: weekdays),
            text.extracting(0..<comma).equalsIgnoringCase(longWeekdays[weekday]),
            let day = CivilTime.digits(text, comma + 2, 2), let month = index(of: text, comma + 5, in: months),
            let short = CivilTime.digits(text, comma + 9, 2)
        else { return nil }
        let thisYear = CivilTime(now).year
        var year = thisYear - thisYear % 100 + short
        if year > thisYear + 50 { year -= 100 }
        return timestamp(text, timeAt: comma + 12, year: year, month: month + 1, day: day)
    }

    // Sun Nov  6 08:49:37 1994
    private static func asctime(_ text: Span<UInt8>) -> Timestamp? {
        guard text.count == 24, has(text, 3, " "), has(text, 7, " "), has(text, 10, " "), has(text, 19, " "),
            index(of: text, 0, in: weekdays) != nil, let month = index(of: text, 4, in: months),
            let day = has(text, 8, " ") ? CivilTime.digits(text, 9, 1) : CivilTime.digits(text, 8, 2),
            let year = CivilTime.digits(text, 20, 4)
        else { return nil }
        return timestamp(text, timeAt: 11, year: year, month: month + 1, day: day)
    }

    private static func timestamp(_ text: Span<UInt8>, timeAt at: Int, year: Int, month: Int, day: Int) -> Timestamp? {
        guard has(text, at + 2, ":"), has(text, at + 5, ":"), let hour = CivilTime.digits(text, at, 2),
            let minute = CivilTime.digits(text, at + 3, 2), let second = CivilTime.digits(text, at + 6, 2)
        else { return nil }
        return CivilTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second).timestamp
    }

    private static let weekdays: StaticString = "SunMonTueWedThuFriSat"
    private static let months: StaticString = "JanFebMarAprMayJunJulAugSepOctNovDec"
    private static let longWeekdays: [StaticString] = [
        "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
    ]

    private static func appendName(_ names: StaticString, _ index: Int, to buffer: inout ByteBuffer) {
        for offset in 0..<3 { buffer.append(unsafe names.utf8Start[index * 3 + offset]) }
    }

    /// Which name of three letters stands at `start`, exactly as written in the RFC.
    private static func index(of text: Span<UInt8>, _ start: Int, in names: StaticString) -> Int? {
        guard start + 3 <= text.count else { return nil }
        return (0..<(names.utf8CodeUnitCount / 3)).first { name in
            (0..<3).allSatisfy { unsafe text[start + $0] == names.utf8Start[name * 3 + $0] }
        }
    }

    private static func has(_ text: Span<UInt8>, _ start: Int, _ expected: StaticString) -> Bool {
        start >= 0 && start + expected.utf8CodeUnitCount <= text.count
            && text.extracting(start..<text.count).hasPrefix(expected)
    }
}
