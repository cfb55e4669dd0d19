public import Bytes
package import Time

/// Log lines, written field by field straight into bytes.
///
/// Made once per worker and used again for each exchange: in steady state it allocates nothing. The caller writes each
/// field at most once. Names of fields are built into their callers, where a word of known length is an instruction or two.
@usableFromInline
package struct LogLine: ~Copyable {
    @usableFromInline var buffer = ByteBuffer()
    @usableFromInline let format: LogFormat
    private var stamp = LogStamp()

    package init(format: LogFormat) { self.format = format }

    /// The finished lines since the last ``clear()``, their line feeds included.
    package var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get { buffer.bytes }
    }

    /// Forgets what was written.
    package mutating func clear() { buffer.clear() }

    /// Begins a line with `ts`, `level` and `msg`.
    package mutating func begin(_ level: LogLevel, _ event: StaticString, at time: Timestamp) {
        switch format {
        case .json:
            buffer.append("{\"ts\":\"")
            stamp.write(time, into: &buffer)
            buffer.append("\",\"level\":\"")
            buffer.append(level.name)
            buffer.append("\",\"msg\":\"")
            buffer.append(event)
            buffer.append("\"")
        case .text:
            stamp.write(time, into: &buffer)
            buffer.append(" ")
            buffer.append(level.name)
            buffer.append(" ")
            buffer.append(event)
        }
    }

    /// Ends the line.
    ///
    /// Nothing may be added afterwards.
    package mutating func end() {
        buffer.append(format == .json ? "}\n" : "\n")
    }

    /// Bytes from anywhere; escaped.
    @inlinable @inline(__always)
    package mutating func field(_ name: StaticString, _ value: Span<UInt8>) {
        begin(name)
        text(value)
    }

    /// Bytes of which JSON shows each as it is: letters, digits and marks, neither quote nor backslash nor control
    /// (RFC 8259, section 7).
    ///
    /// For what was checked before, or is our own.
    @inlinable @inline(__always)
    package mutating func field(_ name: StaticString, plain value: Span<UInt8>) {
        assert(value.firstToQuote(from: 0) == nil, "needs an escape")
        guard format == .json else {
            field(name, value)
            return
        }
        buffer.append(",\"", name, "\":\"")
        buffer.append(value)
        buffer.append(UInt8(ascii: "\""))
    }

    package mutating func field(_ name: StaticString, utf8 value: String) {
        begin(name)
        text(value.utf8Span.span)
    }

    /// A word of our own; must need no escape.
    package mutating func field(_ name: StaticString, _ value: StaticString) {
        begin(name)
        if format == .json { buffer.append(UInt8(ascii: "\"")) }
        buffer.append(value)
        if format == .json { buffer.append(UInt8(ascii: "\"")) }
    }

    @inlinable @inline(__always)
    package mutating func field(_ name: StaticString, _ value: Int) {
        begin(name)
        buffer.append(decimal: value)
    }

    package mutating func field(_ name: StaticString, _ value: Bool) {
        begin(name)
        buffer.append(value ? "true" : "false")
    }

    /// A length of time in milliseconds with three decimals, such as `12.034`; never negative.
    @inlinable @inline(__always)
    package mutating func field(_ name: StaticString, milliseconds value: Duration) {
        begin(name)
        milliseconds(value)
    }

    @usableFromInline mutating func milliseconds(_ value: Duration) {
        let microseconds = Int(max(0, value.nanoseconds) / 1000)
        buffer.append(decimal: microseconds / 1000)
        let rest = microseconds % 1000
        buffer.append(rest < 10 ? ".00" : rest < 100 ? ".0" : ".")
        buffer.append(decimal: rest)
    }

    /// A field without a value: `null`, or `-` in text.
    @inlinable @inline(__always)
    package mutating func absent(_ name: StaticString) {
        begin(name)
        nothing()
    }

    /// A value of any kind, for lines that are not written per request.
    package mutating func field(_ name: StaticString, _ value: LogValue) {
        switch value {
        case .string(let text): field(name, utf8: text)
        case .integer(let number): field(name, Int(number))
        case .bool(let flag): field(name, flag)
        case .duration(let duration): field(name, milliseconds: duration)
        case .url(let text): field(name, utf8: Redaction.address(text))
        case .null: absent(name)
        case .number(let number):
            begin(name)
            // JSON has no word for infinities and not-a-number (RFC 8259, section 6).
            if number.isFinite { buffer.append(utf8: number.description) } else { nothing() }
        case .strings(let list):
            begin(name)
            texts(list)
        }
    }

    @inlinable @inline(__always)
    mutating func begin(_ name: StaticString) {
        switch format {
        case .json: buffer.append(",\"", name, "\":")
        case .text: buffer.append(" ", name, "=")
        }
    }

    @usableFromInline mutating func text(_ value: Span<UInt8>) {
        if format == .text && LogEscape.isBare(value) {
            buffer.append(value)
            return
        }
        buffer.append(UInt8(ascii: "\""))
        LogEscape.append(value, to: &buffer)
        buffer.append(UInt8(ascii: "\""))
    }

    private mutating func texts(_ list: [String]) {
        buffer.append("[")
        for (index, element) in list.enumerated() {
            if index > 0 { buffer.append(",") }
            buffer.append(UInt8(ascii: "\""))
            LogEscape.append(element.utf8Span.span, to: &buffer)
            buffer.append(UInt8(ascii: "\""))
        }
        buffer.append("]")
    }

    @usableFromInline mutating func nothing() {
        buffer.append(format == .json ? "null" : "-")
    }
}
