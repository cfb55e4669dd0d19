import Threads

/// An upstream that keeps what came byte for byte, judged by ``StrictMessage``, and answers each whole request with its target.
package final class RecordingUpstream: Sendable {
    package struct Record: Sendable {
        package var requests: [StrictMessage] = []
        /// What stood behind the last whole request of a connection that has ended, and is the beginning of one.
        package var unfinished: [[UInt8]] = []
        /// What is more than one reading's request, or came before it was asked for.
        package var faults: [String] = []
    }

    private let server: ScriptedServer
    private let record: Locked<Record>
    private let open: Locked<Int>
    private let begun: Locked<Int>

    package var port: Int { Int(server.port) }

    package init() throws {
        let record = Locked(Record())
        let open = Locked(0)
        let begun = Locked(0)
        (self.record, self.open, self.begun) = (record, open, begun)
        server = try ScriptedServer(timeout: .seconds(60)) { peer, _ in
            open.withLock { $0 += 1 }
            defer { open.withLock { $0 -= 1 } }
            var pending: [UInt8] = []
            do {
                while true {
                    let piece = try peer.receive()
                    if piece.isEmpty { break }
                    if pending.isEmpty { begun.withLock { $0 += 1 } }
                    pending += piece
                    guard let (message, count) = try StrictMessage.request(pending) else { continue }
                    // Nothing may follow before there is an answer.
                    if count < pending.count { throw StrictMessage.Ambiguous(description: "bytes behind a request") }
                    pending = []
                    record.withLock { $0.requests.append(message) }
                    try peer.send(
                        EchoUpstream.answer(message.line[1], head: message.line[0] == "HEAD"))
                }
            } catch let fault as StrictMessage.Ambiguous {
                let text = Escapes.write(pending)
                record.withLock { $0.faults.append("\(fault): \(text)") }
            } catch {
                // A reset is an end like any other.
            }
            if !pending.isEmpty { record.withLock { $0.unfinished.append(pending) } }
        }
    }

    deinit { server.stop() }

    /// What has come since the last time; what was left unfinished is kept.
    package func takeRecord() -> Record {
        record.withLock { record in
            let taken = record
            record.requests = []
            record.faults = []
            return taken
        }
    }

    /// Requests whose first bytes have come, so far.
    package var beginnings: Int { begun.withLock { $0 } }

    /// Connections at this moment.
    package var connections: Int { open.withLock { $0 } }
}
