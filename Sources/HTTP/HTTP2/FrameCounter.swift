internal import Bytes
internal import Time

/// Finds where frames begin and end, charges the peer for those that serve nobody (G82), and sees streams out of order.
///
/// It reads nothing but the nine bytes before each frame (RFC 9113, section 4.1); what is in it is nghttp2's business.
struct FrameCounter: ~Copyable {
    private enum Kind {
        static let data: UInt8 = 0, headers: UInt8 = 1, priority: UInt8 = 2, reset: UInt8 = 3, settings: UInt8 = 4
        static let ping: UInt8 = 6, goAway: UInt8 = 7, windowUpdate: UInt8 = 8, continuation: UInt8 = 9
    }

    private static let endStream: UInt8 = 1
    private static let endHeaders: UInt8 = 4

    /// Bytes of the client's preface that are still to come.
    private var prefaceLeft: Int
    private(set) var headSeen = 0
    /// The bytes before the current frame where they came in pieces: nghttp2 counts how often it is asked for them
    /// (CVE-2024-28182), so it gets them whole.
    private var head = ByteBuffer()
    private var length = 0
    private var kind: UInt8 = 0
    private var flags: UInt8 = 0
    private var stream: UInt32 = 0
    /// Of a server: what its client has opened.
    private var order: StreamOrder?
    private var left = 0
    private var meter: AbuseMeter
    private var now: Instant
    private let resetCost: Int64
    /// Frame bytes of the header block that is being read, or was read last.
    private(set) var blockBytes = 0
    /// A header block has begun and not ended.
    private var isAmidBlock = false

    init(readsPreface: Bool, resetCost: Int64, now: Instant) {
        prefaceLeft = readsPreface ? HTTP2Preface.count : 0
        self.resetCost = resetCost
        order = readsPreface ? StreamOrder() : nil
        meter = AbuseMeter(now: now)
        self.now = now
    }

    /// True while a head is on its way: anything but DATA that is not whole, a header block that waits for its end, or the
    /// preface.
    var isAmidHead: Bool { prefaceLeft > 0 || isAmidBlock || (headSeen > 0 && (headSeen < 9 || kind != Kind.data)) }

    var awaitsPreface: Bool { prefaceLeft > 0 }

    /// How many of `bytes` belong to the current frame.
    mutating func take(_ bytes: Span<UInt8>, now: Instant) throws(HTTP2Error) -> Int {
        self.now = now
        if prefaceLeft > 0 {
            let count = Swift.min(prefaceLeft, bytes.count)
            prefaceLeft -= count
            return count
        }
        var at = 0
        if headSeen == 0 { head.clear() }
        while headSeen < 9, at < bytes.count {
            note(bytes[at])
            at += 1
            if headSeen == 9 { try charge() }
        }
        if headSeen < 9 || !head.isEmpty { head.append(bytes.extracting(0..<at)) }
        guard headSeen == 9 else { return at }
        let count = Swift.min(left, bytes.count - at)
        left -= count
        if left == 0 {
            headSeen = 0
            if kind == Kind.headers || kind == Kind.continuation { isAmidBlock = flags & Self.endHeaders == 0 }
        }
        return at + count
    }

    private mutating func note(_ byte: UInt8) {
        switch headSeen {
        case 0: length = Int(byte) << 16
        case 1: length |= Int(byte) << 8
        case 2: length |= Int(byte)
        case 3: kind = byte
        case 4: flags = byte
        // The first bit means nothing.
        case 5: stream = UInt32(byte & 0x7F)
        case 6...8: stream = stream << 8 | UInt32(byte)
        default: break
        }
        headSeen += 1
    }

    private mutating func charge() throws(HTTP2Error) {
        left = length
        if kind == Kind.headers {
            isAmidBlock = true
            blockBytes = 0
            if let isInOrder = order?.takes(stream), !isInOrder { throw .streamPassedOver }
        }
        if isAmidBlock { blockBytes += 9 + length }
        let isBearable =
            switch kind {
            case Kind.data: length > 0 || flags & Self.endStream != 0 || meter.spend(AbuseMeter.emptyData, now: now)
            case Kind.headers: true
            case Kind.reset: meter.spend(resetCost, now: now)
            case Kind.settings: meter.spend(AbuseMeter.settings, now: now)
            case Kind.windowUpdate: meter.windowUpdate(now: now)
            default: meter.spend(AbuseMeter.frame, now: now)
            }
        if !isBearable { throw .abuse }
    }

    /// Hands out what came of a frame's first bytes.
    mutating func takeHead() -> ByteBuffer {
        var taken = ByteBuffer()
        swap(&taken, &head)
        return taken
    }

    mutating func spend(_ cost: Int64) -> Bool { meter.spend(cost, now: now) }
    mutating func sentData() { meter.sentData() }
}
