import Bytes
import Formats
import Foundation
import TestSupport
import Testing
import Time

@Suite("HTTPDate and RFC3339")
struct DatesTests {
    private let example = Timestamp(seconds: 784_111_777)

    private func parse(_ text: String, now: Timestamp = Timestamp(seconds: 1_800_000_000)) -> Timestamp? {
        HTTPDate.parse(text.utf8Span.span, now: now)
    }

    @Test("the three forms of RFC 9110 section 5.6.7")
    func forms() {
        #expect(HTTPDate.string(example) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(parse("Sun, 06 Nov 1994 08:49:37 GMT") == example)
        #expect(parse("Sunday, 06-Nov-94 08:49:37 GMT") == example)
        #expect(parse("Sun Nov  6 08:49:37 1994") == example)
        #expect(parse("Wed Nov 16 08:49:37 1994") == example + .days(10))
    }

    @Test("a two-digit year more than 50 years ahead is of the past century")
    func twoDigitYear() {
        let now = Timestamp(seconds: 1_800_000_000)  // 2027
        #expect(parse("Friday, 01-Jan-77 00:00:00 GMT", now: now)?.seconds == 3_376_684_800)
        #expect(parse("Sunday, 01-Jan-78 00:00:00 GMT", now: now)?.seconds == 252_460_800)
    }

    @Test(
        "other dates are refused",
        arguments: [
            "", "Sun", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:60:00 GMT", "Xyz, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ",
            "Sunday, 06-Nov-1994 08:49:37 GMT", "Sun Nov 06 08:49:37 1994 ", "Sun, +6 Nov 1994 08:49:37 GMT", ",",
            "Sun,",
            "-1", "0", "Sunnay, 06-Nov-94 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
        ])
    func refused(_ text: String) {
        #expect(parse(text) == nil)
    }

    @Test("every day from 1890 to 2110 agrees with Foundation")
    func calendar() throws {
        var gregorian = Calendar(identifier: .gregorian)
        gregorian.timeZone = try #require(TimeZone(identifier: "GMT"))
        for day in Rounds.some(of: Array(-29_220...51_140)) {
            let time = Timestamp(seconds: Int64(day) * 86400 + Int64((day * 7919) % 86400 + 86400) % 86400)
            let date = Date(timeIntervalSince1970: Double(time.seconds))
            let parts = gregorian.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
            let text = RFC3339.string(time)
            try #require(
                text
                    == String(
                        format: "%04d-%02d-%02dT%02d:%02d:%02d.000Z", parts.year ?? 0, parts.month ?? 0, parts.day ?? 0,
                        parts.hour ?? 0, parts.minute ?? 0, parts.second ?? 0))
            try #require(RFC3339.parse(text) == time)
            try #require(parse(HTTPDate.string(time)) == time)
        }
    }

    @Test("RFC 3339 with fractions and offsets")
    func rfc3339() {
        #expect(RFC3339.string(Timestamp(milliseconds: 1_767_323_045_123)) == "2026-01-02T03:04:05.123Z")
        #expect(RFC3339.parse("2026-01-02T03:04:05.123456789Z")?.milliseconds == 1_767_323_045_123)
        #expect(RFC3339.parse("2026-01-02t03:04:05z")?.milliseconds == 1_767_323_045_000)
        #expect(RFC3339.parse("2026-01-02T03:04:05.1+01:30")?.milliseconds == 1_767_317_645_100)
        #expect(RFC3339.parse("1969-12-31T23:59:59.999Z")?.milliseconds == -1)
        #expect(RFC3339.string(Timestamp(milliseconds: -1)) == "1969-12-31T23:59:59.999Z")
        for bad in [
            "", "2026-01-02", "2026-01-02T03:04:05", "2026-13-02T03:04:05Z", "2026-02-29T03:04:05Z",
            "2026-01-02T03:04:05.Z",
            "2026-01-02T03:04:05+1:00", "2026-01-02T03:04:05Zx", "2026-01-02T03:04:05+24:00", "2026-01-02 03:04:05Z",
            "2026-01-02T03:04:05.5", "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
        ] { #expect(RFC3339.parse(bad) == nil) }
    }

    @Test("times that four digits cannot write become the nearest that can", arguments: [Int64.min, Int64.max])
    func extremes(_ milliseconds: Int64) {
        let time = Timestamp(milliseconds: milliseconds)
        #expect(
            RFC3339.string(time) == (milliseconds < 0 ? "0000-01-01T00:00:00.000Z" : "9999-12-31T23:59:59.999Z"))
        #expect(HTTPDate.string(time).utf8.count == 29)
    }

    @Test("writing a date allocates nothing")
    func writes() {
        var buffer = ByteBuffer(capacity: 64)
        HTTPDate.write(example, into: &buffer)
        RFC3339.write(example, into: &buffer)
        #expect(buffer.count == 53)
        #expect(buffer.capacity == 64)
    }
}
