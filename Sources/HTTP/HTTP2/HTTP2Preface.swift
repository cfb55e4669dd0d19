internal import Bytes

/// What a client says first, so that nobody who speaks HTTP/1 takes it for a request of his (RFC 9113, section 3.4).
package enum HTTP2Preface {
    package static let text: StaticString = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

    package static var count: Int { text.utf8CodeUnitCount }

    /// How many of `bytes` go on the preface where `matched` bytes of it have come; nil when they do not.
    package static func match(_ bytes: Span<UInt8>, after matched: Int) -> Int? {
        let rest = Swift.min(count - matched, bytes.count)
        for position in 0..<rest {
            let expected = unsafe text.utf8Start[matched + position]
            if bytes[position] != expected { return nil }
        }
        return rest
    }

    /// Lends the first `count` bytes of it.
    package static func withPrefix<Result>(_ count: Int, _ body: (Span<UInt8>) -> Result) -> Result {
        precondition(count <= Self.count, "more than the preface")
        return unsafe body(Span(_unsafeStart: text.utf8Start, count: count))
    }
}
