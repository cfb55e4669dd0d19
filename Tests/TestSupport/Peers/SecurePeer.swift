import Bytes
package import TLS

/// A scripted peer that speaks through TLS, and can break it wherever its script wants.
package final class SecurePeer {
    package let raw: ScriptedPeer
    package let session: TLSSession
    private var plain = ByteBuffer()
    private var answers = ByteBuffer()
    /// The other side said that nothing more comes.
    package private(set) var hasGoodbye = false

    /// A client's end.
    package convenience init(
        to raw: ScriptedPeer, host: String = "127.0.0.1", _ context: TLSClientContext,
        resuming memory: TLSResumption = TLSResumption()
    ) throws {
        guard let session = context.makeSession(to: host, resuming: memory) else { throw TLSSetupError.library }
        self.init(raw, session)
        _ = session.open(Span(), into: &plain, answers: &answers)
        try flush()
        try shakeHands()
    }

    /// A server's end.
    package convenience init(from raw: ScriptedPeer, _ context: TLSServerContext) throws {
        guard let session = context.makeSession() else { throw TLSSetupError.library }
        self.init(raw, session)
        try shakeHands()
    }

    /// What a client says first.
    package static func hello(of context: TLSClientContext) throws -> [UInt8] {
        guard let session = context.makeSession(to: "127.0.0.1", resuming: TLSResumption()) else {
            throw TLSSetupError.library
        }
        var plain = ByteBuffer()
        var hello = ByteBuffer()
        _ = session.open(Span(), into: &plain, answers: &hello)
        return hello.array
    }

    private init(_ raw: ScriptedPeer, _ session: TLSSession) {
        self.raw = raw
        self.session = session
    }

    private func shakeHands() throws {
        while session.isHandshaking { if try !hear() { throw ScriptError.closed(after: "part of a handshake") } }
    }

    private func flush() throws {
        let bytes = answers.array
        answers.clear()
        if !bytes.isEmpty { try raw.send(bytes) }
    }

    /// Reads once; false at the end, cut or not.
    private func hear() throws -> Bool {
        if hasGoodbye { return false }
        let bytes = try raw.receive()
        if bytes.isEmpty { return false }
        let news = session.open(bytes.span, into: &plain, answers: &answers)
        try flush()
        hasGoodbye = news == .ended
        if news == .failed { throw ScriptError.closed(after: session.failureReason?.description ?? "") }
        return true
    }

    package func send(_ text: String) throws { try send(Array(text.utf8)) }

    package func send(_ bytes: [UInt8]) throws {
        guard session.seal(bytes.span, into: &answers) else { throw ScriptError.closed(after: "a failed seal") }
        try flush()
    }

    package func sayGoodbye() throws {
        session.sayGoodbye(into: &answers)
        try flush()
    }

    /// Everything up to and including `mark`.
    @discardableResult
    package func receive(until mark: String) throws -> String {
        let mark = Array(mark.utf8)
        while true {
            let bytes = plain.array
            if let found = bytes.firstRange(of: mark) {
                plain.consume(found.upperBound)
                return String(decoding: bytes[..<found.upperBound], as: UTF8.self)
            }
            if try !hear() { throw ScriptError.closed(after: String(decoding: bytes, as: UTF8.self)) }
        }
    }

    /// Receives `count` bytes, and drops them.
    package func drop(_ count: Int) throws {
        while plain.count < count {
            if try !hear() { throw ScriptError.closed(after: String(decoding: plain.array, as: UTF8.self)) }
        }
        plain.consume(count)
    }

    @discardableResult
    package func receiveHead() throws -> String { try receive(until: "\r\n\r\n") }

    /// How many bytes are there and come until the other side ends, dropping them.
    package func countToEnd() throws -> Int {
        var count = 0
        while true {
            count += plain.count
            plain.clear()
            if try !hear() { return count }
        }
    }

    package func receiveTextToEnd() throws -> String {
        while try hear() {}
        let text = String(decoding: plain.array, as: UTF8.self)
        plain.clear()
        return text
    }
}
