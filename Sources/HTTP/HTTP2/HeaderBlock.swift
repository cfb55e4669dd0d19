internal import Bytes

/// A header block on its way into ``Fields``: pseudo-header fields first, then lines as HTTP/1 has them.
///
/// nghttp2 has judged each field by RFC 9113, sections 8.2 and 8.3, before it comes here: lower-case names, their order, no
/// repetition, no connection-specific field. Here are our limits, and the form in which every later judgement reads it.
struct HeaderBlock {
    enum Kind {
        case request
        case response
        case trailers
    }

    var kind = Kind.request
    /// Where pseudo-header fields stand in the storage.
    var method: Range<Int>?
    var scheme: Range<Int>?
    var authority: Range<Int>?
    var path: Range<Int>?
    var protocolName: Range<Int>?
    var status = 0
    /// The first fault; what comes behind it is read and dropped, since the compression state needs it.
    var failure: HTTP1Error?
    /// Decoded bytes, 32 a field added.
    private(set) var size = 0
    private var lineBytes = 0

    init(_ kind: Kind) { self.kind = kind }

    /// Takes one field; false when the block has become a bomb.
    mutating func take(
        _ name: Span<UInt8>, _ value: Span<UInt8>, into fields: inout Fields, _ settings: HTTP2Settings
    ) -> Bool {
        size += name.count + value.count + 32
        if size > settings.bombSize { return false }
        if failure != nil { return true }
        do throws(HTTP1Error) {
            if !name.isEmpty, name[0] == UInt8(ascii: ":") {
                try takePseudo(name, value, into: &fields.storage, settings.limits)
            } else {
                try takeLine(name, value, into: &fields, settings.limits)
            }
        } catch {
            failure = error
        }
        return true
    }

    private mutating func takePseudo(
        _ name: Span<UInt8>, _ value: Span<UInt8>, into storage: inout ByteBuffer, _ limits: HTTPLimits
    ) throws(HTTP1Error) {
        if name.equals(":status") {
            guard kind == .response, value.count == 3 else { throw .malformedStatusLine }
            for position in 0..<3 {
                let digit = value[position] &- 48
                guard digit < 10 else { throw .malformedStatusLine }
                status = status * 10 + Int(digit)
            }
            return
        }
        guard kind == .request else { throw .malformedRequestLine }
        if value.count > limits.requestLine { throw .requestLineTooLong }
        let range = storage.count..<(storage.count + value.count)
        if name.equals(":method") {
            method = range
        } else if name.equals(":scheme") {
            scheme = range
        } else if name.equals(":authority") {
            authority = range
        } else if name.equals(":path") {
            path = range
        } else if name.equals(":protocol") {
            protocolName = range
        } else {
            throw .malformedRequestLine
        }
        storage.append(value)
    }

    private mutating func takeLine(
        _ name: Span<UInt8>, _ value: Span<UInt8>, into fields: inout Fields, _ limits: HTTPLimits
    ) throws(HTTP1Error) {
        let isTrailer = kind == .trailers
        lineBytes += name.count + value.count + 4
        if lineBytes > (isTrailer ? limits.trailerBytes : limits.headerBytes) { throw .headerTooLarge }
        if fields.count >= (isTrailer ? limits.trailers : limits.headers) { throw .tooManyFields }
        if fields.count == 0 {
            fields.index.linesStart = fields.storage.count
            fields.index.linesEnd = fields.storage.count
        }
        try fields.receive(name, value)
    }
}

extension Fields {
    /// Writes one received field as a canonical line.
    fileprivate mutating func receive(_ name: Span<UInt8>, _ value: Span<UInt8>) throws(HTTP1Error) {
        guard Self.isValid(name: name) else { throw .invalidFieldName }
        // A line break here would become a second line of what goes upstream (G81).
        guard Self.isValid(value: value) else { throw .forbiddenByte }
        let start = storage.count
        storage.append(name)
        storage.append(": ")
        storage.append(value)
        storage.append("\r\n")
        var flags: FieldFlags = .canonical
        if name.firstIndex(of: UInt8(ascii: "_")) != nil { flags.insert(.underscore) }
        let nameRange = start..<(start + name.count)
        let known = flags.contains(.underscore) ? KnownField.other : KnownField(storage.bytes, nameRange)
        index.note(
            FieldEntry(
                nameStart: start, nameCount: name.count, known: known, flags: flags,
                valueStart: nameRange.upperBound + 2,
                valueCount: value.count))
        index.linesEnd = storage.count
    }
}
