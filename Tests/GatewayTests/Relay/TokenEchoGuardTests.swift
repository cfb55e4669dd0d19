import Bytes
import Testing

@testable import Gateway

@Suite struct TokenEchoGuardTests {
    private static let token = Array("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln".utf8)

    /// What a client sees of a body that comes in these pieces.
    private func filtered(_ pieces: [[UInt8]], token: [UInt8] = token) -> (text: String, found: Bool) {
        var guardian = TokenEchoGuard()
        guardian.begin(token: token)
        var seen: [UInt8] = []
        var output = ByteBuffer()
        for piece in pieces {
            guard guardian.isWatching else {
                seen += piece
                continue
            }
            output.clear()
            guardian.filter(piece.span, into: &output)
            seen += output.array
        }
        if guardian.isWatching {
            output.clear()
            guardian.end(into: &output)
            seen += output.array
        }
        return (String(decoding: seen, as: UTF8.self), guardian.found)
    }

    @Test("E35 a token in a body is overwritten, wherever the body is split")
    func everySplit() {
        let body = Array("{\"a\":\"e\",\"token\":\"".utf8) + Self.token + Array("\",\"eyJ\":\"eyJhb\"}".utf8)
        let expected = String(decoding: body, as: UTF8.self).replacing(
            String(decoding: Self.token, as: UTF8.self), with: String(repeating: "*", count: Self.token.count))
        for first in 0...body.count {
            for second in stride(from: first, through: body.count, by: 7) {
                let pieces = [Array(body[..<first]), Array(body[first..<second]), Array(body[second...])]
                let (text, found) = filtered(pieces)
                #expect(text == expected)
                #expect(found)
            }
        }
    }

    @Test("E35 byte by byte, twice in a row, and at the very end")
    func byteByByte() {
        let body = Self.token + Self.token + Array("e".utf8) + Self.token
        let (text, _) = filtered(body.map { [$0] })
        let stars = String(repeating: "*", count: Self.token.count)
        #expect(text == stars + stars + "e" + stars)
    }

    @Test("E35 what only begins like a token comes through whole")
    func beginnings() {
        let body = Array(Self.token.dropLast()) + Array("x eyJ".utf8)
        let (text, found) = filtered([Array(body[..<5]), Array(body[5...])])
        #expect(text == String(decoding: body, as: UTF8.self))
        #expect(!found)
    }

    @Test("E35 beyond the first 64 KiB nothing is looked at, and nothing is lost")
    func window() {
        let filler = [UInt8](repeating: UInt8(ascii: "e"), count: TokenEchoGuard.window + 4096)
        let (text, found) = filtered([filler, Self.token, filler])
        #expect(text.utf8.count == 2 * filler.count + Self.token.count)
        #expect(!found)
    }

    @Test("E35 without a token nothing is watched")
    func noToken() {
        var guardian = TokenEchoGuard()
        guardian.begin(token: [])
        let isWatching = guardian.isWatching
        let occurs = guardian.occurs(in: Array("anything".utf8).span)
        #expect(!isWatching)
        #expect(!occurs)
    }
}
