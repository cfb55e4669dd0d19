/// Which streams a client may still open: those above the last (RFC 9113, section 5.1.1).
///
/// A block of fields on a lower stream may be the trailers of one that is over here already, since the client does not
/// know yet; on one that was passed over it is nothing but a mistake. So what is remembered is what was passed over, and
/// whoever passes over so much that it is forgotten is let off: nothing comes of such a block in any case.
struct StreamOrder {
    private var last: UInt32 = 0
    /// The first and the last stream of each gap.
    private var gaps: [(first: UInt32, last: UInt32)] = []

    /// Gaps that are remembered; clients that leave any leave one.
    private static let mostGaps = 16

    /// A block of fields comes on `stream`; false where that is a stream passed over.
    mutating func takes(_ stream: UInt32) -> Bool {
        // A client's are odd; what else is wrong with a number is nghttp2's business.
        guard stream & 1 == 1 else { return true }
        guard stream > last else { return !gaps.contains { $0.first <= stream && stream <= $0.last } }
        let next = last == 0 ? 1 : last + 2
        if stream > next {
            if gaps.count == Self.mostGaps { gaps.removeFirst() }
            gaps.append((next, stream - 2))
        }
        last = stream
        return true
    }
}
