package import Bytes

/// Which trace a request belongs to, as `traceparent` tells it (W3C Trace Context, section 3.2).
package struct TraceContext: Sendable, Equatable {
    /// The trace id, 16 bytes, most significant first; never all zero.
    package let traceID: (high: UInt64, low: UInt64)
    /// The id of the span this context names, 8 bytes; never zero.
    package let spanID: UInt64
    /// Whether somebody upstream may have recorded the trace.
    package let isSampled: Bool

    /// The length of a rendered context.
    package static let length = 55

    /// Reads a field value; nil when it is not a well-formed context, which then counts as absent.
    package init?(parsing value: Span<UInt8>) {
        guard value.count >= TraceContext.length,
            let version = TraceContext.number(value, 0, 2), version != 0xFF,
            let high = TraceContext.number(value, 3, 16), let low = TraceContext.number(value, 19, 16),
            let span = TraceContext.number(value, 36, 16), let flags = TraceContext.number(value, 53, 2)
        else { return nil }
        for dash in [2, 35, 52] where value[dash] != UInt8(ascii: "-") { return nil }
        // Version 00 ends here; a later one may go on after another dash.
        if value.count > TraceContext.length && (version == 0 || value[55] != UInt8(ascii: "-")) { return nil }
        guard high != 0 || low != 0, span != 0 else { return nil }
        traceID = (high, low)
        spanID = span
        isSampled = flags & 1 == 1
    }

    /// A trace that begins here.
    ///
    /// It says "sampled": services behind us usually follow the flag they are given, and would otherwise record nothing.
    package init(using generator: inout IdentifierGenerator) {
        traceID = (generator.next(), generator.nextNonZero())
        spanID = generator.nextNonZero()
        isSampled = true
    }

    private init(traceID: (high: UInt64, low: UInt64), spanID: UInt64, isSampled: Bool) {
        self.traceID = traceID
        self.spanID = spanID
        self.isSampled = isSampled
    }

    /// The context to send on: the same trace with a span of our own, or a fresh trace when there is none.
    package static func child(
        of parent: TraceContext?, using generator: inout IdentifierGenerator
    ) -> TraceContext {
        guard let parent else { return TraceContext(using: &generator) }
        return TraceContext(
            traceID: parent.traceID, spanID: generator.nextNonZero(), isSampled: parent.isSampled)
    }

    /// Appends the 55 bytes of version 00.
    package func write(into buffer: inout ByteBuffer) {
        buffer.reserve(TraceContext.length)
        buffer.append("00-")
        HexadecimalIdentifier.append(traceID.high, to: &buffer)
        HexadecimalIdentifier.append(traceID.low, to: &buffer)
        buffer.append("-")
        HexadecimalIdentifier.append(spanID, to: &buffer)
        buffer.append(isSampled ? "-01" : "-00")
    }

    package static func == (a: TraceContext, b: TraceContext) -> Bool {
        a.traceID == b.traceID && a.spanID == b.spanID && a.isSampled == b.isSampled
    }

    /// `digits` lower-case hexadecimal digits at `start`; upper case is malformed (section 3.2.2.1).
    private static func number(_ value: Span<UInt8>, _ start: Int, _ digits: Int) -> UInt64? {
        var result: UInt64 = 0
        for index in start..<(start + digits) {
            let byte = value[index]
            guard !ByteClass.uppercase.contains(byte), let nibble = ByteClass.hexadecimalValue(byte) else { return nil }
            result = result << 4 | UInt64(nibble)
        }
        return result
    }
}

/// Fixed-width lower-case hexadecimal digits of an identifier.
enum HexadecimalIdentifier {
    static func append(_ value: UInt64, to buffer: inout ByteBuffer) {
        buffer.append(word: digits(UInt32(truncatingIfNeeded: value >> 32)))
        buffer.append(word: digits(UInt32(truncatingIfNeeded: value)))
    }

    /// The eight digits of `value`, one a byte, the first one lowest.
    private static func digits(_ value: UInt32) -> UInt64 {
        // Bytes apart, then the two nibbles of each apart.
        var lanes = UInt64(value.byteSwapped)
        lanes = (lanes | lanes << 16) & 0x0000_FFFF_0000_FFFF
        lanes = (lanes | lanes << 8) & 0x00FF_00FF_00FF_00FF
        lanes = (lanes >> 4 | lanes << 8) & 0x0F0F_0F0F_0F0F_0F0F
        // Adding six carries into the fifth bit from ten on; the letters begin 39 behind the digits' end.
        let letters = (lanes &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return lanes &+ 0x3030_3030_3030_3030 &+ letters &* 39
    }
}
