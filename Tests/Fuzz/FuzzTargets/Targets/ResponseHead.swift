import Bytes
import HTTP

/// What a client engine made of a response.
struct ReceivedResponse: Equatable {
    var statuses: [Int] = []
    var fields: [[UInt8]] = []
    var body: [UInt8] = []
    var isWhole = false
    var isRefused = false
    var isReusable = false

    init(_ pieces: [[UInt8]], method: String, upgrade: Bool) {
        var engine = HTTP1ClientEngine(limits: .response)
        let head = ResponseHead()
        var output = ByteBuffer()
        var request = Fields()
        if upgrade { request.append(.upgrade, text: "websocket") }
        engine.writeHead(
            method: method.utf8Span.span, target: "/".utf8Span.span, request, framing: .none, into: &output)
        do {
            try engine.writeEnd(into: &output)
            for piece in pieces {
                var at = 0
                reading: while true {
                    let rest = piece.span.extracting(at..<piece.count)
                    let (consumed, event) = try engine.receive(rest, head: head)
                    switch event {
                    case .needMore: break
                    case .interim, .head:
                        require(statuses.last ?? 100 < 200, "a second final response")
                        require(head.status >= 100 && head.status <= 599, "a status out of range")
                        require((event == .interim) == (head.status < 200 && head.status != 101), "final or not")
                        statuses.append(head.status)
                        for position in 0..<head.fields.count { fields.append(Array(head.fields.value(position))) }
                        if method == "HEAD", event == .head, head.status != 101 {
                            require(!head.framing.hasBody, "a body for HEAD")
                        }
                    case .body(let range):
                        require(!range.isEmpty, "an empty piece")
                        body += Array(rest.extracting(range))
                    case .end: isWhole = true
                    }
                    at += consumed
                    if event == .needMore {
                        require(at == piece.count, "bytes that are neither taken nor refused")
                        break reading
                    }
                }
            }
            isReusable = engine.canBeReused
            if try engine.peerClosed() == .end { isWhole = true }
        } catch {
            require(!engine.canBeReused, "a refusal that keeps the connection")
            isRefused = true
        }
    }
}

extension FuzzTarget {
    /// An answer: the first byte says how it is cut, the second what was asked.
    static let responseHead = FuzzTarget(name: "response-head") { input in
        guard input.count > 2 else { return }
        let bytes = Array(Array(input).dropFirst(2))
        let method = input[1] & 1 == 0 ? "GET" : "HEAD"
        let upgrade = input[1] & 2 != 0
        let whole = ReceivedResponse([bytes], method: method, upgrade: upgrade)
        let cut = ReceivedResponse(Pieces(input[0]).cut(bytes), method: method, upgrade: upgrade)
        require(whole.isRefused == cut.isRefused, "the cut changes the refusal")
        require(whole.isRefused || whole == cut, "the cut changes the response")
        require(!(whole.isRefused && whole.isWhole && whole.isReusable), "whole and refused")
    }
}
