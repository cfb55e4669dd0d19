import Testing
import Time

@Suite("Timestamp, Instant, Duration")
struct TimestampTests {
    @Test("seconds round down on both sides of 1970")
    func seconds() {
        let table: [(Int64, Int64)] = [(0, 0), (999, 0), (1000, 1), (-1, -1), (-1000, -1), (-1001, -2)]
        for (milliseconds, seconds) in table { #expect(Timestamp(milliseconds: milliseconds).seconds == seconds) }
        #expect(Timestamp(milliseconds: .min).seconds == -9_223_372_036_854_776)
        #expect(Timestamp(milliseconds: .max).seconds == 9_223_372_036_854_775)
    }

    @Test("no hostile number traps: everything saturates")
    func saturation() {
        let last = Timestamp(milliseconds: .max)
        let first = Timestamp(milliseconds: .min)
        #expect(Timestamp(seconds: .max) == last && Timestamp(seconds: .min) == first)
        #expect(last + .milliseconds(1) == last && first - .milliseconds(1) == first)
        #expect(first + .milliseconds(-1) == first && last - .milliseconds(-1) == last)
        let endless = Duration(secondsComponent: .max, attosecondsComponent: 0)
        #expect(Timestamp(seconds: 1) + endless == last)
        #expect(Timestamp(seconds: -2) - endless == first)
        #expect(last.since(first) == .milliseconds(Int64.max))
        #expect(first.since(last) == .milliseconds(Int64.min))
        #expect(endless.milliseconds == .max && (.zero - endless).milliseconds == .min)
        #expect(endless.nanoseconds == .max && (.zero - endless).nanoseconds == .min)
        let edge = Duration(secondsComponent: -9_223_372_036, attosecondsComponent: -999_999_999_000_000_000)
        #expect(edge.nanoseconds == .min)
        #expect(Instant(nanoseconds: .max) + .nanoseconds(1) == .distantFuture)
        #expect((Instant(nanoseconds: .min) + .nanoseconds(-1)).nanoseconds == .min)
    }

    @Test("whole milliseconds and nanoseconds are rounded towards zero, short of nine seconds and beyond")
    func wholes() {
        for seconds in [0, 1, 8, 9, 10, 3600] as [Int64] {
            let long = Duration(secondsComponent: seconds, attosecondsComponent: 987_654_321_999_999_999)
            #expect(long.nanoseconds == seconds * 1_000_000_000 + 987_654_321)
            #expect(long.milliseconds == seconds * 1000 + 987)
            #expect((.zero - long).nanoseconds == -long.nanoseconds)
            #expect((.zero - long).milliseconds == -long.milliseconds)
        }
    }

    @Test("a delay adds as its duration does, and saturates")
    func delays() {
        for duration in [.zero, .milliseconds(1500), .days(400), .milliseconds(-7)] as [Duration] {
            #expect(Timestamp(seconds: 9) + Delay(duration) == Timestamp(seconds: 9) + duration)
            #expect(Instant(nanoseconds: 9) + Delay(duration) == Instant(nanoseconds: 9) + duration)
        }
        #expect(Timestamp(milliseconds: .max) + Delay(.seconds(1)) == Timestamp(milliseconds: .max))
        #expect(Instant(nanoseconds: .max) + Delay(.seconds(1)) == .distantFuture)
    }

    @Test("ordinary arithmetic")
    func arithmetic() {
        let start = Timestamp(seconds: 100)
        #expect((start + .seconds(5)).since(start) == .seconds(5))
        #expect(start.since(start + .seconds(5)) == .seconds(-5))
        #expect(start - .milliseconds(1) < start)
        #expect(Instant(nanoseconds: 5).since(Instant(nanoseconds: 3)) == .nanoseconds(2))
        #expect(Duration.minutes(2) == .seconds(120) && Duration.hours(1) == .minutes(60))
        #expect(Duration.days(1) == .hours(24))
        #expect(Duration.milliseconds(1999).wholeSeconds == 1 && Duration.milliseconds(-1500).milliseconds == -1500)
    }

    @Test("the clocks of this machine go forward, a hand-turned clock obeys")
    func sources() {
        let first = TimeSource.system.instant()
        #expect(TimeSource.system.instant() >= first)
        #expect(TimeSource.system.now() > Timestamp(seconds: 1_700_000_000))
        let fixed = TimeSource(wall: { Timestamp(seconds: 7) }, steady: { Instant(nanoseconds: 8) })
        #expect(fixed.now().seconds == 7 && fixed.instant().nanoseconds == 8)
    }
}
