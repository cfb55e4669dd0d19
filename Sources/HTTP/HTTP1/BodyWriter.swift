internal import Bytes

/// Frames an outgoing body and keeps to what its head announced.
struct BodyWriter {
    enum Mode: Equatable {
        /// The message has no body whatever its handler writes: answers to HEAD, 204, 304.
        case discarded
        case fixed(remaining: Int)
        case chunked
        /// Until the connection closes, or a tunnel.
        case raw
        case ended
    }

    private(set) var mode = Mode.ended

    init() {}
    init(_ mode: Mode) { self.mode = mode }

    /// Everything that surrounds `count` body bytes in front; ``closePiece(into:)`` follows them.
    ///
    /// False when the bytes must not be sent at all.
    mutating func openPiece(_ count: Int, into output: inout ByteBuffer) throws(HTTP1Error) -> Bool {
        // An empty chunk would be the last one.
        if count == 0 { return false }
        switch mode {
        case .discarded: return false
        case .fixed(let remaining):
            guard count <= remaining else { throw .bodyLongerThanAnnounced }
            mode = .fixed(remaining: remaining &- count)
        case .chunked:
            output.append(hexadecimal: count)
            output.append("\r\n")
        case .raw: break
        case .ended: throw .bodyLongerThanAnnounced
        }
        return true
    }

    func closePiece(into output: inout ByteBuffer) {
        if mode == .chunked { output.append("\r\n") }
    }

    mutating func write(_ bytes: Span<UInt8>, into output: inout ByteBuffer) throws(HTTP1Error) {
        guard try openPiece(bytes.count, into: &output) else { return }
        output.append(bytes)
        closePiece(into: &output)
    }

    mutating func end(into output: inout ByteBuffer) throws(HTTP1Error) {
        try checkEnd()
        if mode == .chunked { output.append("0\r\n\r\n") }
        mode = .ended
    }

    /// Ends the body with trailer fields; without chunked coding there is no place for them.
    mutating func end(trailers: borrowing Fields, into output: inout ByteBuffer) throws(HTTP1Error) {
        try checkEnd()
        if mode == .chunked {
            output.append("0\r\n")
            for position in 0..<trailers.count where Trailers.permits(trailers.index.table[position]) {
                trailers.write(position, into: &output)
            }
            output.append("\r\n")
        }
        mode = .ended
    }

    private func checkEnd() throws(HTTP1Error) {
        switch mode {
        case .fixed(let remaining) where remaining > 0: throw .bodyShorterThanAnnounced
        default: break
        }
    }
}

extension Fields {
    /// Writes line `position` in canonical form.
    func write(_ position: Int, into output: inout ByteBuffer) {
        let entry = index.table[position]
        if entry.flags.contains(.canonical) {
            output.append(storage.bytes.extracting(entry.name.lowerBound..<(entry.valueEnd &+ 2)))
        } else {
            output.append(name(position))
            output.append(": ")
            output.append(value(position))
            output.append("\r\n")
        }
    }

    /// Writes every line but those that an engine writes itself.
    func writeMessageFields(into output: inout ByteBuffer) {
        guard index.present.intersects(HopByHop.framing) else {
            output.append(lines)
            return
        }
        // Runs of lines between those that are left out; raw lines are inside the runs.
        var from = index.linesStart
        for position in 0..<count {
            let entry = index.table[position]
            guard HopByHop.framing.contains(entry.known) else { continue }
            output.append(storage.bytes.extracting(from..<entry.name.lowerBound))
            from = entry.valueEnd &+ 2
        }
        output.append(storage.bytes.extracting(from..<index.linesEnd))
    }
}
