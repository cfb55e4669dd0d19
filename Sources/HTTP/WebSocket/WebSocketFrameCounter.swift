/// Follows the frames of one direction of a WebSocket (RFC 6455, section 5), so that somebody who only passes bytes on knows
/// when he stands between two of them.
///
/// A pure function of bytes in any pieces; it changes none and keeps none.
///
///     between ──2 bytes──► 0, 2 or 8 of the length, 0 or 4 of the mask ──► payload ──► between
///
/// A stream that breaks the format is marked and followed no further: nothing of ours can be put into it.
package struct WebSocketFrameCounter: Sendable, Equatable {
    /// Frames of clients are masked, those of servers are not (section 5.1).
    private let isMasked: Bool
    /// Bytes of the current header so far, and in all; its length is known with its second byte.
    private var headerSeen = 0
    private var headerCount = 2
    private var opcode: UInt8 = 0
    private var isFinal = false
    /// The announced length while the header is read, then what is still to come.
    private var payload: UInt64 = 0
    /// A message in several frames is under way; frames of ours may stand between them (section 5.4).
    private var messageIsOpen = false

    /// The bytes were none of this protocol.
    package private(set) var isBroken = false
    /// A close frame has begun: nothing may follow it (section 5.5.1).
    package private(set) var hasClosed = false
    /// Frames of messages so far; pings and pongs, which nobody's hand sends, do not count.
    package private(set) var dataFrames = 0

    package init(isMasked: Bool) { self.isMasked = isMasked }

    /// True before the first byte of a frame.
    package var isBetweenFrames: Bool { !isBroken && headerSeen == 0 }

    /// Follows bytes that pass.
    package mutating func follow(_ bytes: Span<UInt8>) {
        var at = 0
        while at < bytes.count, !isBroken { at = step(bytes, at) }
    }

    /// Follows bytes up to the end of the current frame; how many that are.
    ///
    /// None between two frames, all of a stream that is broken.
    package mutating func followToBorder(_ bytes: Span<UInt8>) -> Int {
        var at = 0
        while at < bytes.count, !isBetweenFrames {
            if isBroken { return bytes.count }
            at = step(bytes, at)
        }
        return at
    }

    /// Takes a byte of the header, or as much of the payload as there is.
    private mutating func step(_ bytes: Span<UInt8>, _ at: Int) -> Int {
        if headerSeen == headerCount {
            let passed = Int(min(payload, UInt64(bytes.count - at)))
            payload -= UInt64(passed)
            if payload == 0 { headerSeen = 0 }
            return at + passed
        }
        takeHeader(bytes[at])
        return at + 1
    }

    private mutating func takeHeader(_ byte: UInt8) {
        switch headerSeen {
        case 0:
            isFinal = byte & 0x80 != 0
            // The three bits between belong to extensions, which the two ends have agreed on without us.
            opcode = byte & 0x0F
            headerCount = 2
            payload = 0
        case 1: takeLength(byte)
        case 2..<(headerCount - (isMasked ? 4 : 0)): payload = payload << 8 | UInt64(byte)
        default: break
        }
        headerSeen += 1
        if headerSeen == headerCount, !isBroken { beginPayload() }
    }

    private mutating func takeLength(_ byte: UInt8) {
        if (byte & 0x80 != 0) != isMasked { isBroken = true }
        let length = byte & 0x7F
        payload = length < 126 ? UInt64(length) : 0
        headerCount = 2 + (length == 126 ? 2 : length == 127 ? 8 : 0) + (isMasked ? 4 : 0)
    }

    /// The header is whole: judges it (sections 5.2, 5.4 and 5.5).
    private mutating func beginPayload() {
        let lengthBytes = headerCount - 2 - (isMasked ? 4 : 0)
        // A length has one spelling, and its highest bit is no number's.
        if lengthBytes == 2, payload < 126 { isBroken = true }
        if lengthBytes == 8, payload <= 0xFFFF || payload >> 63 != 0 { isBroken = true }
        switch opcode {
        case 0:
            if !messageIsOpen { isBroken = true }
            messageIsOpen = !isFinal
            dataFrames += 1
        case 1, 2:
            if messageIsOpen { isBroken = true }
            messageIsOpen = !isFinal
            dataFrames += 1
        case 8, 9, 10:
            if !isFinal || lengthBytes > 0 { isBroken = true }
            if opcode == 8 { hasClosed = true }
        default: isBroken = true
        }
        if payload == 0 { headerSeen = 0 }
    }
}
