internal import Bytes

/// A status line: received, and written.
struct StatusLine: StartLine {
    var version = HTTPVersion.http11
    var status = 0
    var reason = 0..<0

    static let tooLong = HTTP1Error.headerTooLarge

    /// `HTTP-version SP 3DIGIT [ SP reason ]` (RFC 9112, section 4); servers that leave out the second space are too
    /// many to refuse, and nothing can be smuggled there.
    mutating func parse(_ line: Span<UInt8>) throws(HTTP1Error) {
        guard line.count >= 12, line[8] == 0x20 else { throw .malformedStatusLine }
        do {
            version = try RequestLine.version(line.extracting(0..<8))
        } catch {
            throw error == .unsupportedVersion ? .unsupportedVersion : .malformedStatusLine
        }
        status = 0
        for index in 9..<12 {
            let digit = line[index] &- 48
            guard digit < 10 else { throw .malformedStatusLine }
            status = status * 10 + Int(digit)
        }
        guard status >= 100, status <= 599 else { throw .malformedStatusLine }
        guard line.count == 12 || line[12] == 0x20 else { throw .malformedStatusLine }
        reason = line.count <= 13 ? 0..<0 : 13..<line.count
    }

    static func write(_ status: Int, reason: Span<UInt8>?, into output: inout ByteBuffer) {
        if status == 200, reason == nil {
            output.append("HTTP/1.1 200 OK\r\n")
            return
        }
        output.append("HTTP/1.1 ")
        output.append(decimal: status)
        output.append(" ")
        if let reason {
            precondition(Fields.isValid(value: reason), "a control character in a reason phrase")
            output.append(reason)
        } else {
            output.append(ReasonPhrase.standard(status))
        }
        output.append("\r\n")
    }
}
