package import Bytes

/// The name of one exchange, in `X-Request-Id` and in every log line about it.
package enum RequestID {
    /// The length of an id made here.
    package static let length = 32

    /// Appends a fresh id: 128 random bits in hexadecimal.
    package static func generate(using generator: inout IdentifierGenerator, into buffer: inout ByteBuffer) {
        buffer.reserve(length)
        HexadecimalIdentifier.append(generator.next(), to: &buffer)
        HexadecimalIdentifier.append(generator.next(), to: &buffer)
    }

    /// Whether an id that a trusted proxy sent may be kept: `[A-Za-z0-9._-]{1,64}`, which no log or header can misread.
    package static func isAcceptable(_ value: Span<UInt8>) -> Bool {
        guard (1...64).contains(value.count) else { return false }
        for index in value.indices {
            let byte = value[index]
            let allowed =
                ByteClass([.letter, .digit]).contains(byte) || byte == UInt8(ascii: ".")
                || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
            if !allowed { return false }
        }
        return true
    }
}
