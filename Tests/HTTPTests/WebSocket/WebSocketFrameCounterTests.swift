import Bytes
import HTTP
import Testing

@Suite struct WebSocketFrameCounterTests {
    /// A frame as a client (with a mask) or a server writes it.
    private static func frame(
        _ opcode: UInt8, _ count: Int, final: Bool = true, mask: Bool, spelled: Int? = nil
    ) -> [UInt8] {
        var bytes = [(final ? 0x80 : 0) | opcode]
        let maskBit: UInt8 = mask ? 0x80 : 0
        switch spelled ?? (count < 126 ? 0 : count <= 0xFFFF ? 2 : 8) {
        case 0: bytes.append(maskBit | UInt8(count))
        case 2: bytes += [maskBit | 126, UInt8(count >> 8), UInt8(count & 0xFF)]
        default: bytes += [maskBit | 127] + (0..<8).map { UInt8(truncatingIfNeeded: count >> (56 - 8 * $0)) }
        }
        // A payload that looks like frames.
        return bytes + (mask ? [0x88, 0x81, 0x01, 0x02] : []) + (0..<count).map { [0x88, 0x00, 0x81, 0xFF][$0 & 3] }
    }

    @Test(
        "E47 the borders of frames are found in any split, whatever the length and the payload",
        arguments: [true, false])
    func borders(_ mask: Bool) {
        var stream: [UInt8] = []
        var borders: Set<Int> = [0]
        for (opcode, count, final) in [
            (1, 5, true), (2, 0, true), (1, 125, false), (9, 4, true), (0, 126, false), (10, 0, true), (0, 200, true),
            (2, 70_000, true), (2, 0xFFFF, true), (8, 2, true),
        ] as [(UInt8, Int, Bool)] {
            stream += Self.frame(opcode, count, final: final, mask: mask)
            borders.insert(stream.count)
        }
        for size in [1, 2, 3, 7, 4096, stream.count] {
            var counter = WebSocketFrameCounter(isMasked: mask)
            var at = 0
            while at < stream.count {
                #expect(counter.isBetweenFrames == borders.contains(at), "at \(at) in pieces of \(size)")
                let end = min(at + size, stream.count)
                counter.follow(stream.span.extracting(at..<end))
                at = end
            }
            #expect(counter.isBetweenFrames && counter.hasClosed && !counter.isBroken && counter.dataFrames == 7)
        }
    }

    @Test("E47 the rest of a frame ends at its border, what is behind it does not count", arguments: [true, false])
    func rest(_ mask: Bool) {
        let one = Self.frame(1, 300, mask: mask)
        let both = one + Self.frame(1, 3, mask: mask)
        for cut in 0...one.count {
            var counter = WebSocketFrameCounter(isMasked: mask)
            counter.follow(both.span.extracting(0..<cut))
            let left = counter.followToBorder(both.span.extracting(cut..<both.count))
            #expect(left == (cut == 0 ? 0 : one.count - cut), "cut at \(cut)")
            #expect(counter.isBetweenFrames)
        }
        var counter = WebSocketFrameCounter(isMasked: mask)
        counter.follow(one.span.extracting(0..<10))
        #expect(counter.followToBorder(one.span.extracting(10..<20)) == 10 && !counter.isBetweenFrames)
    }

    @Test("E47 what is no frame is marked, and nothing is said about borders any more")
    func broken() {
        func isBroken(_ bytes: [UInt8], mask: Bool = false) -> Bool {
            var whole = WebSocketFrameCounter(isMasked: mask)
            whole.follow(bytes.span)
            var single = WebSocketFrameCounter(isMasked: mask)
            for byte in bytes { single.follow([byte].span) }
            #expect(whole.isBroken == single.isBroken)
            if whole.isBroken {
                #expect(!whole.isBetweenFrames)
                #expect(whole.followToBorder([1, 2, 3].span) == 3)
            }
            return whole.isBroken
        }
        #expect(isBroken(Self.frame(1, 3, mask: true)), "a masked frame of a server")
        #expect(isBroken(Self.frame(1, 3, mask: false), mask: true), "an unmasked frame of a client")
        for opcode in [3, 7, 11, 15] as [UInt8] { #expect(isBroken(Self.frame(opcode, 1, mask: false)), "\(opcode)") }
        for opcode in [8, 9, 10] as [UInt8] {
            #expect(isBroken(Self.frame(opcode, 1, final: false, mask: false)), "\(opcode) in pieces")
            #expect(isBroken(Self.frame(opcode, 126, mask: false)), "\(opcode) too long")
            #expect(!isBroken(Self.frame(opcode, 125, mask: false)))
        }
        #expect(isBroken(Self.frame(1, 125, mask: false, spelled: 2)), "a length that has a shorter spelling")
        #expect(isBroken(Self.frame(2, 0xFFFF, mask: false, spelled: 8)))
        #expect(isBroken([0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0]), "a negative length")
        #expect(!isBroken([0x82, 127, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3]))
        #expect(isBroken(Self.frame(0, 1, mask: false)), "the rest of no message")
        #expect(isBroken(Self.frame(1, 1, final: false, mask: false) + Self.frame(2, 1, mask: false)))
        #expect(isBroken(Array("HTTP/1.1 200 OK\r\n".utf8)))
        // The bits of extensions are between the two ends.
        #expect(!isBroken([0xC1, 1, 0x61]))
    }

    @Test("E47 a close frame of ours is one, with its code and reason, masked towards the server")
    func close() {
        let close = WebSocketClose(.policyViolation, "session ended")
        var plain = ByteBuffer()
        close.write(into: &plain)
        #expect(plain.array == [0x88, 15, 0x03, 0xF0] + Array("session ended".utf8))
        var masked = ByteBuffer()
        close.write(maskedWith: 0x0102_0304, into: &masked)
        let bytes = masked.array
        #expect(Array(bytes.prefix(6)) == [0x88, 0x8F, 1, 2, 3, 4])
        let payload = bytes.dropFirst(6).enumerated().map { $1 ^ [1, 2, 3, 4][$0 & 3] }
        #expect(payload == Array(plain.array.dropFirst(2)))
        for (output, mask) in [(plain.array, false), (bytes, true)] {
            var counter = WebSocketFrameCounter(isMasked: mask)
            counter.follow(output.span)
            #expect(counter.isBetweenFrames && counter.hasClosed && counter.dataFrames == 0)
        }
    }
}
