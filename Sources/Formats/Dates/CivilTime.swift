internal import Bytes
internal import Time

/// A date and time of day in UTC, in the proleptic Gregorian calendar.
struct CivilTime {
    var year: Int
    var month: Int
    var day: Int
    var hour: Int
    var minute: Int
    var second: Int
    var millisecond = 0
    /// 0 is Sunday.
    var weekday = 0

    /// Years that four digits can write.
    static let writable = Timestamp(seconds: -62_167_219_200)...Timestamp(milliseconds: 253_402_300_799_999)

    /// Splits a point in time; one outside the years 0000 to 9999 becomes the nearest inside.
    init(_ time: Timestamp) {
        let time = min(max(time, Self.writable.lowerBound), Self.writable.upperBound)
        let days = Int((time.seconds >= 0 ? time.seconds : time.seconds - 86399) / 86400)
        let inDay = Int(time.seconds) - days * 86400
        millisecond = Int(time.milliseconds - time.seconds * 1000)
        hour = inDay / 3600
        minute = inDay / 60 % 60
        second = inDay % 60
        weekday = ((days + 4) % 7 + 7) % 7
        // Days to civil date: eras of 400 years that begin on 1 March.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    init(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, millisecond: Int = 0) {
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        self.millisecond = millisecond
    }

    /// The point in time, or nil when the calendar has no such date.
    ///
    /// A leap second counts as the next second.
    var timestamp: Timestamp? {
        guard (0...9999).contains(year), (1...12).contains(month), (1...daysInMonth).contains(day),
            (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second),
            (0...999).contains(millisecond)
        else { return nil }
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let shiftedMonth = month > 2 ? month - 3 : month + 9
        let dayOfYear = (153 * shiftedMonth + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        let seconds = days * 86400 + hour * 3600 + minute * 60 + second
        return Timestamp(milliseconds: Int64(seconds) * 1000 + Int64(millisecond))
    }

    private var daysInMonth: Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    static func append(twoDigits value: Int, to buffer: inout ByteBuffer) {
        buffer.append(UInt8(48 + value / 10 % 10))
        buffer.append(UInt8(48 + value % 10))
    }

    static func append(fourDigits value: Int, to buffer: inout ByteBuffer) {
        append(twoDigits: value / 100, to: &buffer)
        append(twoDigits: value % 100, to: &buffer)
    }

    /// The value of exactly `count` decimal digits at `start`, or nil.
    static func digits(_ text: Span<UInt8>, _ start: Int, _ count: Int) -> Int? {
        guard start >= 0, start + count <= text.count else { return nil }
        var value = 0
        for index in start..<(start + count) {
            guard ByteClass.digit.contains(text[index]) else { return nil }
            value = value * 10 + Int(text[index] - 48)
        }
        return value
    }
}
