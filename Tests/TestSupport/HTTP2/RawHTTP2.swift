/// HTTP/2 frames written by hand, so that what is tested is not tested with itself, and so that they can be wrong.
package enum RawHTTP2 {
    package static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    package static func frame(_ type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) -> [UInt8] {
        let length = payload.count
        return [UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255), type, flags]
            + number(stream) + payload
    }

    package static func number(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    package static let settings = frame(4)
    package static let settingsAcknowledgement = frame(4, flags: 1)
    package static let ping = frame(6, [1, 2, 3, 4, 5, 6, 7, 8])
    /// What a client sends before its first request.
    package static let opening = preface + settings

    package static func settings(_ values: [(UInt16, UInt32)]) -> [UInt8] {
        frame(4, values.flatMap { [UInt8($0.0 >> 8), UInt8($0.0 & 255)] + number($0.1) })
    }

    package static func reset(_ stream: UInt32, _ code: UInt32 = 8) -> [UInt8] {
        frame(3, stream: stream, number(code))
    }

    package static func windowUpdate(_ stream: UInt32, _ more: UInt32) -> [UInt8] {
        frame(8, stream: stream, number(more))
    }

    package static func data(_ stream: UInt32, _ bytes: [UInt8], ends: Bool = false) -> [UInt8] {
        frame(0, flags: ends ? 1 : 0, stream: stream, bytes)
    }

    package static func data(_ stream: UInt32, _ text: String, ends: Bool = false) -> [UInt8] {
        data(stream, Array(text.utf8), ends: ends)
    }

    /// A header block in one HEADERS frame: literals without indexing, as they are given.
    package static func headers(_ stream: UInt32, _ fields: [(String, String)], ends: Bool = true) -> [UInt8] {
        frame(1, flags: ends ? 5 : 4, stream: stream, block(fields))
    }

    package static func block(_ fields: [(String, String)]) -> [UInt8] {
        fields.flatMap { [0] + text($0.0) + text($0.1) }
    }

    /// RFC 7541, sections 5.1 and 5.2, without Huffman coding.
    private static func text(_ value: String) -> [UInt8] {
        let bytes = Array(value.utf8)
        if bytes.count < 127 { return [UInt8(bytes.count)] + bytes }
        var rest = bytes.count - 127
        var length: [UInt8] = [127]
        while rest >= 128 {
            length.append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        return length + [UInt8(rest)] + bytes
    }

    /// The pseudo-header fields of an ordinary request.
    package static func request(
        _ method: String = "GET", _ path: String = "/", host: String = "a", scheme: String = "http",
        _ more: [(String, String)] = []
    ) -> [(String, String)] {
        [(":method", method), (":scheme", scheme), (":authority", host), (":path", path)] + more
    }

    package static func request(_ more: [(String, String)]) -> [(String, String)] { request("GET", "/", more) }

    package static func request(_ method: String, _ more: [(String, String)]) -> [(String, String)] {
        request(method, "/", more)
    }

    /// One frame as it came.
    package struct Frame: Equatable, Sendable {
        package let type: UInt8
        package let flags: UInt8
        package let stream: UInt32
        package let payload: [UInt8]

        /// The number that a RST_STREAM begins with, or a GOAWAY has behind its last stream.
        package var code: UInt32? {
            let at = type == 3 ? 0 : 4
            guard type == 3 || type == 7, payload.count >= at + 4 else { return nil }
            return payload[at..<(at + 4)].reduce(0) { $0 << 8 | UInt32($1) }
        }
    }

    /// Takes what a server, or a client behind its preface, wrote apart; what is not whole is left out.
    package static func frames(_ bytes: [UInt8]) -> [Frame] {
        var found: [Frame] = []
        var at = 0
        while at + 9 <= bytes.count {
            let length = Int(bytes[at]) << 16 | Int(bytes[at + 1]) << 8 | Int(bytes[at + 2])
            guard at + 9 + length <= bytes.count else { break }
            let stream = bytes[(at + 5)..<(at + 9)].reduce(0) { $0 << 8 | UInt32($1) }
            found.append(
                Frame(
                    type: bytes[at + 3], flags: bytes[at + 4], stream: stream,
                    payload: Array(bytes[(at + 9)..<(at + 9 + length)])))
            at += 9 + length
        }
        return found
    }
}
