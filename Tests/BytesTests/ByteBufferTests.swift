import Bytes
import Testing

@Suite("ByteBuffer")
struct ByteBufferTests {
    private func text(_ buffer: borrowing ByteBuffer) -> String { String(decoding: buffer.array, as: UTF8.self) }

    @Test("writes at the end, consumes at the front")
    func queue() {
        var buffer = ByteBuffer()
        #expect(buffer.isEmpty && buffer.capacity == 0)
        buffer.append("GET ")
        buffer.append(utf8: "/é")
        buffer.append(UInt8(ascii: "!"))
        buffer.append([1, 2, 3].span)
        #expect(buffer.count == 11)
        buffer.consume(4)
        #expect(buffer.array == Array("/é!".utf8) + [1, 2, 3])
        buffer.removeLast(3)
        #expect(text(buffer) == "/é!")
        buffer.consume(4)
        #expect(buffer.count == 0)
    }

    @Test("nothing appended takes no memory")
    func nothing() {
        var buffer = ByteBuffer()
        buffer.append("")
        buffer.append(utf8: "")
        buffer.append([UInt8]().span)
        buffer.reserve(0)
        #expect(buffer.capacity == 0 && buffer.bytes.isEmpty)
        let written = buffer.write(space: 0) { _ in 0 }
        #expect(written == 0 && buffer.isEmpty)
    }

    @Test("clear keeps the memory, release gives it back")
    func memory() {
        var buffer = ByteBuffer(capacity: 100)
        buffer.append("x")
        buffer.clear()
        #expect(buffer.isEmpty && buffer.capacity == 100)
        buffer.append("y")
        buffer.release()
        #expect(buffer.isEmpty && buffer.capacity == 0)
        buffer.append("z")
        #expect(text(buffer) == "z")
    }

    @Test("moves down rather than grow where half is free")
    func compaction() {
        var buffer = ByteBuffer(capacity: 256)
        buffer.append([UInt8](repeating: 1, count: 200).span)
        buffer.append([UInt8](repeating: 2, count: 50).span)
        buffer.consume(200)
        buffer.append([UInt8](repeating: 3, count: 100).span)
        #expect(buffer.capacity == 256)
        #expect(buffer.array == [UInt8](repeating: 2, count: 50) + [UInt8](repeating: 3, count: 100))
    }

    @Test("agrees with an array over random operations", arguments: [1, 2, 3, 4, 5] as [UInt64])
    func model(_ seed: UInt64) {
        var random = Dice(seed)
        var buffer = ByteBuffer()
        var model: [UInt8] = []
        for step in 0..<5000 {
            switch random.roll(7) {
            case 0, 1:
                let piece = (0..<random.roll(90)).map { UInt8(truncatingIfNeeded: $0 + step) }
                buffer.append(piece.span)
                model += piece
            case 2:
                buffer.append(UInt8(truncatingIfNeeded: step))
                model.append(UInt8(truncatingIfNeeded: step))
            case 3:
                let count = random.roll(model.count + 1)
                buffer.consume(count)
                model.removeFirst(count)
            case 4:
                let count = min(model.count, random.roll(5))
                buffer.removeLast(count)
                model.removeLast(count)
            case 5:
                let count = random.roll(40)
                let written = buffer.write(space: count) { room in
                    for index in 0..<count { room[index] = UInt8(index) }
                    return count
                }
                #expect(written == count)
                model += (0..<count).map(UInt8.init)
            default:
                guard model.count > 4 else { continue }
                let at = random.roll(model.count - 4)
                buffer.overwrite(at: at, with: [9, 8, 7].span)
                model.replaceSubrange(at..<(at + 3), with: [9, 8, 7])
            }
            #expect(buffer.count == model.count)
            if step % 50 == 0 { #expect(buffer.array == model) }
        }
        #expect(buffer.array == model)
    }

    @Test(
        "decimal digits",
        arguments: [
            0, 1, 9, 10, 11, 99, 100, 12345, 9_999_999, 10_000_000, 99_999_999, 100_000_000, -1, -9, -10, .max, .min,
            1_000_000_000_000_000_000,
        ])
    func decimal(_ value: Int) {
        var buffer = ByteBuffer()
        buffer.append("=")
        buffer.append(decimal: value)
        #expect(text(buffer) == "=\(value)")
    }

    @Test("hexadecimal digits", arguments: [0, 1, 15, 16, 255, 256, 0xABCDEF, .max])
    func hexadecimal(_ value: Int) {
        var buffer = ByteBuffer()
        buffer.append(hexadecimal: value)
        #expect(text(buffer) == String(value, radix: 16))
    }

    @Test("misuse stops the program instead of touching other memory")
    func misuse() async {
        await #expect(processExitsWith: .failure) {
            var buffer = ByteBuffer()
            buffer.append("abc")
            buffer.consume(4)
        }
        await #expect(processExitsWith: .failure) {
            var buffer = ByteBuffer()
            buffer.append("abc")
            buffer.removeLast(-1)
        }
        await #expect(processExitsWith: .failure) {
            var buffer = ByteBuffer()
            buffer.append("abc")
            buffer.overwrite(at: 2, with: [1, 2].span)
        }
        await #expect(processExitsWith: .failure) {
            var buffer = ByteBuffer()
            _ = buffer.write(space: 10) { room in room.count + 1 }
        }
        await #expect(processExitsWith: .failure) {
            var buffer = ByteBuffer()
            buffer.append(hexadecimal: -1)
        }
    }
}

/// A small generator that gives the same numbers everywhere (SplitMix64).
struct Dice {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func roll(_ sides: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return sides == 0 ? 0 : Int((z ^ (z >> 31)) % UInt64(sides))
    }
}
