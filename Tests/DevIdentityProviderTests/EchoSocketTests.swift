import TestSupport
import Testing

@testable import DevIdentityProvider

@Suite struct EchoSocketTests {
    private func frame(_ opcode: UInt8, _ text: String, isFinal: Bool = true) -> [UInt8] {
        WebSocketPeer.Frame(opcode, Array(text.utf8), isFinal: isFinal).bytes(masked: true)
    }

    @Test("Texts come back, pings are answered, a close ends it; however the network cuts them")
    func echo() {
        let bytes =
            frame(1, "hello") + frame(9, "p") + frame(10, "") + frame(1, String(repeating: "x", count: 300))
            + WebSocketPeer.Frame.close(1001, "away").bytes(masked: true) + frame(1, "late")
        var whole = EchoFrames()
        let answer = whole.receive(bytes)
        #expect(answer.starts(with: [0x81, 5] + Array("hello".utf8) + [0x8A, 1, 0x70, 0x81, 126, 1, 44]))
        #expect(answer.suffix(4) == [0x88, 2, 0x03, 0xE9] && whole.isOver)
        for cut in 0...bytes.count {
            var frames = EchoFrames()
            #expect(frames.receive(Array(bytes[..<cut])) + frames.receive(Array(bytes[cut...])) == answer, "\(cut)")
        }
    }

    @Test("What is no short text of a client's is refused by its code")
    func refusals() {
        for (bytes, code) in [
            ([0x81, 1, 0x61], 1002), ([0xC1, 0x80, 0, 0, 0, 0], 1002), (frame(2, "x"), 1003),
            (frame(1, "x", isFinal: false), 1003), (frame(0, "x"), 1003), ([0x81, 0xFE, 0x20, 0, 0, 0, 0, 0], 1009),
            ([0x81, 0xFF, 0, 0, 0, 0, 0, 0, 0, 1], 1009),
            (WebSocketPeer.Frame(1, [0xFF]).bytes(masked: true), 1007),
        ] as [([UInt8], Int)] {
            var frames = EchoFrames()
            let answer = frames.receive(bytes)
            #expect(answer.starts(with: [0x88]) && Int(answer[2]) << 8 | Int(answer[3]) == code, "\(bytes)")
            #expect(frames.isOver && frames.receive(self.frame(1, "more")).isEmpty)
        }
    }
}
