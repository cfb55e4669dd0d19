import Bytes
import HTTP

extension FuzzTarget {
    /// A handshake: the first byte says how it is cut and which side speaks.
    static let webSocketHandshake = FuzzTarget(name: "websocket-handshake") { input in
        guard input.count > 1 else { return }
        let bytes = Array(Array(input).dropFirst())
        let pieces = Pieces(input[0] >> 1).cut(bytes)
        if input[0] & 1 == 0 {
            let whole = RequestVerdict([bytes])
            require(whole == RequestVerdict(pieces), "the cut changes the verdict on a request")
        } else {
            let whole = isAccepted([bytes])
            require(whole == isAccepted(pieces), "the cut changes the verdict on an answer")
            // What opens a tunnel says so in so many words.
            if whole { require(contains(bytes, "101") && contains(bytes, accept), "a tunnel without its proof") }
        }
    }

    /// One direction of a tunnel: the first byte says how it is cut and whether it is masked.
    static let webSocketFrames = FuzzTarget(name: "websocket-frames") { input in
        guard input.count > 1 else { return }
        let isMasked = input[0] & 1 != 0
        let bytes = Array(Array(input).dropFirst())
        var whole = WebSocketFrameCounter(isMasked: isMasked)
        whole.follow(bytes.span)
        var cut = WebSocketFrameCounter(isMasked: isMasked)
        var passed = 0
        let ends = borders(bytes, isMasked)
        for piece in Pieces(input[0] >> 1).cut(bytes) {
            cut.follow(piece.span)
            passed += piece.count
            // What is said about borders here is what a plain reader of frames finds.
            require(
                cut.isBetweenFrames == ends.contains(passed) || cut.isBroken,
                "a border that is none, or one that is not seen, at \(passed)")
        }
        require(whole == cut, "the cut changes the frames")
        // From border to border, and never beyond what there is.
        var walker = WebSocketFrameCounter(isMasked: isMasked)
        var at = 0
        while at < bytes.count, !walker.isBroken {
            walker.follow(bytes.span.extracting(at..<(at + 1)))
            at += 1
            at += walker.followToBorder(bytes.span.extracting(at..<bytes.count))
            require(at <= bytes.count, "beyond the end")
            require(at == bytes.count || walker.isBetweenFrames || walker.isBroken, "stopped inside a frame")
        }
        if at == bytes.count { require(walker == whole, "the walk changes the frames") }
    }

    private static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

    private static func contains(_ bytes: [UInt8], _ text: String) -> Bool {
        String(decoding: bytes, as: UTF8.self).contains(text)
    }

    private struct RequestVerdict: Equatable {
        var isUpgrade = false
        var refusal: WebSocketHandshake.Refusal?

        init(_ pieces: [[UInt8]]) {
            var engine = HTTP1ServerEngine(limits: HTTPLimits())
            let head = RequestHead()
            var pending: [UInt8] = []
            for piece in pieces {
                pending += piece
                guard let (consumed, event) = try? engine.receive(pending.span, head: head) else { return }
                pending.removeFirst(consumed)
                guard event == .head else { continue }
                isUpgrade = head.isUpgrade
                refusal = WebSocketHandshake.refusal(of: head)
                if refusal == nil {
                    require(head.fields.value(of: .secWebSocketKey)?.count == 24, "a key that is none")
                    require(head.fields.value(of: .secWebSocketVersion)?.equals("13") == true, "another version")
                }
                return
            }
        }
    }

    private static func isAccepted(_ pieces: [[UInt8]]) -> Bool {
        var engine = HTTP1ClientEngine(limits: .response)
        var output = ByteBuffer()
        var fields = Fields()
        fields.append(.upgrade, text: "websocket")
        engine.writeHead(method: "GET".utf8Span.span, target: "/".utf8Span.span, fields, framing: .none, into: &output)
        guard (try? engine.writeEnd(into: &output)) != nil else { return false }
        let head = ResponseHead()
        for piece in pieces {
            var at = 0
            while true {
                let rest = piece.span.extracting(at..<piece.count)
                guard let (consumed, event) = try? engine.receive(rest, head: head) else { return false }
                at += consumed
                if event == .head { return WebSocketHandshake.isAccepted(head, accept: Array(accept.utf8)) }
                if event == .needMore { break }
            }
        }
        return false
    }

    /// Where frames end, read in the plainest way: by length, from the beginning.
    private static func borders(_ bytes: [UInt8], _ isMasked: Bool) -> Set<Int> {
        var found: Set<Int> = [0]
        var at = 0
        while bytes.count - at >= 2 {
            let short = Int(bytes[at + 1] & 0x7F)
            let more = short == 126 ? 2 : short == 127 ? 8 : 0
            guard bytes.count - at >= 2 + more else { break }
            var length: UInt64 = more == 0 ? UInt64(short) : 0
            for byte in bytes[(at + 2)..<(at + 2 + more)] { length = length << 8 | UInt64(byte) }
            let header = 2 + more + (isMasked ? 4 : 0)
            guard bytes.count - at >= header, length <= UInt64(bytes.count - at - header) else { break }
            at += header + Int(length)
            found.insert(at)
        }
        return found
    }
}
