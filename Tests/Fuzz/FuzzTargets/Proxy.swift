import Bytes
import HTTP

/// What a server engine made of a stream of requests, forwarded the way a proxy does it.
struct ForwardedRequests: Equatable {
    /// Each request in the client engine's own serialization.
    var whole: [[UInt8]] = []
    /// What was left of one that did not end.
    var unfinished: [UInt8] = []
    var isRefused = false

    init(_ pieces: [[UInt8]], limits: HTTPLimits = HTTPLimits()) {
        var server = HTTP1ServerEngine(limits: limits)
        var client = HTTP1ClientEngine(limits: .response)
        let head = RequestHead()
        var output = ByteBuffer()
        var input: [UInt8] = []
        do {
            for piece in pieces {
                input += piece
                var at = 0
                reading: while true {
                    let rest = input.span.extracting(at..<input.count)
                    let (consumed, event) = try server.receive(rest, head: head)
                    switch event {
                    case .needMore:
                        at += consumed
                        break reading
                    case .head: client = Self.begin(head, into: &output)
                    case .body(let range):
                        require(!range.isEmpty, "an empty piece")
                        // One chunk a byte, so that the cut does not show.
                        for index in range { try client.writeBody(rest.extracting(index..<(index + 1)), into: &output) }
                    case .end:
                        try client.writeEnd(trailers: server.trailers, into: &output)
                        whole.append(output.array)
                        output.clear()
                        guard Self.answer(&server) else { return }
                    }
                    at += consumed
                }
                input.removeFirst(at)
            }
            unfinished = output.array
        } catch {
            require(server.mustClose, "a refusal that leaves the connection open")
            require(error.status >= 400 && error.status < 600, "a refusal without a status")
            isRefused = true
        }
    }

    /// A forwarded request, read as an upstream would: with room for the fields and the white space that we add.
    init(again request: [UInt8]) {
        var limits = HTTPLimits()
        limits.headerBytes *= 2
        limits.headers *= 2
        limits.trailerBytes *= 2
        self.init([request], limits: limits)
    }

    static func begin(_ head: RequestHead, into output: inout ByteBuffer) -> HTTP1ClientEngine {
        require(!head.target.isEmpty && (head.target[0] == 0x2F || head.target.equals("*")), "a target that is no path")
        require(head.path.count <= head.target.count, "a path beyond its target")
        require(head.version == .http10 || !head.host.isEmpty, "HTTP/1.1 without a host")
        require(head.method != .connect, "CONNECT")
        var fields = Fields()
        fields.append(.host, text: "upstream")
        for position in 0..<head.fields.count {
            let known = head.fields.known(position)
            require(known == KnownField(head.fields.name(position)), "a field that is taken for another")
            if known == .host || HopByHop.contains(head.fields, position) { continue }
            fields.copy(position, of: head.fields)
        }
        var client = HTTP1ClientEngine(limits: .response)
        client.writeHead(
            method: head.methodBytes, target: head.target, fields, framing: head.framing, into: &output)
        return client
    }

    /// Answers and says whether another request may come.
    private static func answer(_ server: inout HTTP1ServerEngine) -> Bool {
        var output = ByteBuffer()
        server.writeHead(200, reason: nil, Fields(), framing: .length(0), date: Span(), into: &output)
        try? server.writeEnd(into: &output)
        if server.canStartNext { server.startNext() }
        return !server.mustClose
    }
}
