import Threads

/// An upstream that keeps the raw bytes of every request and answers as a test says.
package final class EchoUpstream: Sendable {
    /// A request as its bytes came.
    package struct Request: Sendable {
        /// Request line and field lines, with their empty line.
        package var head: String
        package var body: [UInt8]

        package var line: String { String(head.prefix { $0 != "\r\n" }) }
        package var method: String { String(line.prefix { $0 != " " }) }
        package var target: String { line.split(separator: " ").dropFirst().first.map(String.init) ?? "" }
        package var text: String { String(decoding: body, as: UTF8.self) }

        /// All values of a field, in order.
        package func values(_ name: String) -> [String] {
            head.split(separator: "\r\n").dropFirst().compactMap { line in
                guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == name.lowercased() else {
                    return nil
                }
                return String(line[line.index(after: colon)...].drop { $0 == " " })
            }
        }

        package func header(_ name: String) -> String? { values(name).first }
        package var bearer: String? { header("Authorization").map { String($0.dropFirst("Bearer ".count)) } }
    }

    package typealias Script = @Sendable (Request, ScriptedPeer) throws -> Void

    /// A function stays in a field of its own (see `Locked`).
    private struct Running {
        var script: Script
    }

    private let server: ScriptedServer
    private let seen: Locked<[Request]>
    private let script: Locked<Running>

    package var port: Int { Int(server.port) }
    package var requests: [Request] { seen.withLock { $0 } }
    package var connections: Int { server.connections }

    package init() throws {
        let seen = Locked<[Request]>([])
        let script = Locked(
            Running { request, peer in
                try peer.send(Self.answer("\(request.method) \(request.target)", head: request.method == "HEAD"))
            })
        (self.seen, self.script) = (seen, script)
        server = try ScriptedServer { peer, _ in
            while true {
                guard let request = try? Self.read(peer) else { return }
                seen.withLock { $0.append(request) }
                try script.withLock { $0.script }(request, peer)
            }
        }
    }

    deinit { server.stop() }

    package func stop() { server.stop() }

    /// What it does with each request from now on.
    package func answers(_ script: @escaping Script) { self.script.withLock { $0.script = script } }

    /// Answers every request with these bytes.
    package func answers(_ response: String) { answers { _, peer in try peer.send(response) } }

    package func forget() { seen.withLock { $0 = [] } }

    /// A plain answer with a body and its length.
    package static func answer(
        _ body: String, status: String = "200 OK", fields: [String] = [], head: Bool = false
    ) -> String {
        var text = "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n"
        if !fields.contains(where: { $0.lowercased().hasPrefix("content-type:") }) {
            text += "Content-Type: text/plain\r\n"
        }
        for field in fields { text += field + "\r\n" }
        return text + "\r\n" + (head ? "" : body)
    }

    private static func read(_ peer: ScriptedPeer) throws -> Request {
        var request = Request(head: try peer.receiveHead(), body: [])
        if request.header("Transfer-Encoding") != nil {
            while true {
                let line = try peer.receive(until: "\r\n")
                let size = Int(line.prefix { $0.isHexDigit }, radix: 16) ?? 0
                if size == 0 { break }
                request.body += try peer.receive(exactly: size)
                _ = try peer.receive(exactly: 2)
            }
            while try peer.receive(until: "\r\n") != "\r\n" {}
        } else if let length = request.header("Content-Length").flatMap({ Int($0) }) {
            request.body = try peer.receive(exactly: length)
        }
        return request
    }
}
