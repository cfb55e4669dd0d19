import Formats
import Threads
import Time

/// Dates of HTTP fields.
enum ResponseDate {
    static func parse(_ text: String) -> Timestamp? { HTTPDate.parse(text.utf8Span.span) }
}

/// How far the provider's clock is from ours, by its `Date` fields (complaint 33: "token used before issued").
final class ClockSkewMeter: Sendable {
    private let last = Locked<Duration?>(nil)

    /// The provider's clock less ours, in whole seconds; nil before the first answer.
    var skew: Duration? { last.withLock { $0 } }

    /// Notes an answer to a request that left at `sent` and came back at `received`.
    func note(_ response: BackChannelResponse, sent: Timestamp, received: Timestamp) {
        guard let date = response.header("date").flatMap(ResponseDate.parse) else { return }
        // The field has no fractions: anything in the span from `sent` to `received` is no skew.
        let early = date.since(sent)
        let late = date.since(received)
        let skew: Duration = early <= .seconds(-1) ? early + .seconds(1) : late > .zero ? late : .zero
        last.withLock { $0 = .seconds(skew.wholeSeconds) }
    }
}
