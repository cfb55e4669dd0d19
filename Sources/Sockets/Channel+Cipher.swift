package import Bytes
private import Glibc

/// The same channel where a cipher stands between it and the socket.
///
/// Sealed bytes stand in the loop's memory, and in the channel's own only while the kernel does not take them: an idle
/// encrypted connection holds none either. Plain bytes are sealed no sooner than the kernel takes bytes, so that what waits
/// for a slow peer waits once.
extension Channel {
    /// How much is sealed for one send.
    private static let sealSize = 64 << 10
    /// Answers that a peer may let wait; more is a flood of questions from one that reads no answer.
    private static let mostAnswers = 256 << 10

    package var isEncrypted: Bool { cipher != nil }

    /// What both sides agreed to speak; nil on a plain connection, and where nothing was agreed on.
    package var applicationProtocol: ApplicationProtocol? { cipher?.applicationProtocol }

    package var isResumed: Bool { cipher?.isResumed ?? false }

    /// Why ``receive(into:_:)`` said `failed`.
    package var cipherFailure: StaticString? { cipher?.failureReason }

    /// Why it said so: the peer does not encrypt at all.
    package var hearsPlainHTTP: Bool { cipher?.hearsPlainHTTP ?? false }

    /// Lets bytes travel as they are from here on, towards a peer that understands nothing else.
    package mutating func goOnUnencrypted(_ loop: EventLoop) {
        cipher = nil
        isHandshaking = false
        dropSealed(loop)
    }

    /// A client's first words.
    ///
    /// The handshake goes on as the peer answers, by ``receive(into:_:)`` and ``push(_:)``.
    package mutating func beginHandshake(_ loop: EventLoop) {
        guard let cipher else { return }
        open(Span(), into: loop.scratch, cipher, loop)
    }

    // MARK: Reading

    mutating func receiveSealed(
        into scratch: BufferBox, _ cipher: any ByteCipher, _ loop: EventLoop
    ) throws(SystemError) -> Received {
        if hasGoodbye {
            canRead = false
            peerHasClosed = true
            return .end
        }
        if sealedCount > Self.mostAnswers { return .failed }
        let wire = loop.wire
        wire.buffer.clear()
        switch try receiveAsItIs(into: wire) {
        case .nothing, .failed: return .nothing
        // An end without a goodbye is a cut: anybody on the way can make one (RFC 8446, section 6.1).
        case .end: throw SystemError(ECONNRESET)
        case .bytes(let full):
            let news = open(wire.buffer.bytes, into: scratch, cipher, loop)
            if news == .failed { return .failed }
            if news == .ended {
                hasGoodbye = true
                // No further news will come of it.
                canRead = true
            }
            return scratch.buffer.isEmpty ? .nothing : .bytes(full: full)
        }
    }

    @discardableResult
    private mutating func open(
        _ bytes: Span<UInt8>, into scratch: BufferBox, _ cipher: any ByteCipher, _ loop: EventLoop
    ) -> CipherNews {
        let answers = loop.answers
        answers.buffer.clear()
        let news = cipher.open(bytes, into: &scratch.buffer, answers: &answers.buffer)
        if !answers.buffer.isEmpty {
            if sealed == nil { outputMoved = loop.now }
            keepSealed(answers.buffer.bytes, loop)
        }
        isHandshaking = cipher.isHandshaking
        return news
    }

    // MARK: Writing

    /// Seals ``output`` and `piece` behind it, as much as the kernel takes; how much of the piece was sealed.
    @discardableResult
    mutating func pushSealed(_ piece: Span<UInt8>, _ cipher: any ByteCipher, _ loop: EventLoop) -> Int {
        sendWaiting(loop)
        var taken = 0
        if isHandshaking { return taken }
        let wire = loop.wire
        while canWrite, sealed == nil, !output.isEmpty || taken < piece.count {
            wire.buffer.clear()
            let first = min(output.count, Self.sealSize)
            let second = min(piece.count - taken, Self.sealSize - first)
            guard first == 0 || cipher.seal(output.bytes.extracting(0..<first), into: &wire.buffer),
                second == 0 || cipher.seal(piece.extracting(taken..<taken + second), into: &wire.buffer)
            else {
                refused()
                break
            }
            output.consume(first)
            taken += second
            send(wire, loop)
        }
        return taken
    }

    /// Sends what was just sealed; what the kernel does not take waits.
    private mutating func send(_ wire: BufferBox, _ loop: EventLoop) {
        do {
            let count = try socket.send(wire.buffer.bytes)
            if count > 0 { outputMoved = loop.now }
            wire.buffer.consume(count)
            if wire.buffer.isEmpty { return }
            canWrite = false
            keepSealed(wire.buffer.bytes, loop)
        } catch {
            refused()
        }
    }

    /// Sends what waits in sealed form.
    private mutating func sendWaiting(_ loop: EventLoop) {
        guard canWrite, let sealed else { return }
        do {
            let count = try socket.send(sealed.buffer.bytes)
            if count > 0 { outputMoved = loop.now }
            if count < sealed.buffer.count { canWrite = false }
            sealed.buffer.consume(count)
        } catch {
            refused()
        }
        if sealed.buffer.isEmpty { dropSealed(loop) }
    }

    @usableFromInline var sealedCount: Int { sealed?.buffer.count ?? 0 }

    private mutating func keepSealed(_ bytes: Span<UInt8>, _ loop: EventLoop) {
        let kept = sealed ?? loop.takeWaiting()
        loop.buffers.lend(&kept.buffer)
        kept.buffer.append(bytes)
        sealed = kept
    }

    mutating func dropSealed(_ loop: EventLoop) {
        if let sealed { loop.giveBack(sealed) }
        sealed = nil
    }

    /// Tells the peer that nothing more comes, where all that was said has left.
    package mutating func sayGoodbye(_ loop: EventLoop) {
        guard let cipher, !isHandshaking, !sendFailed, canWrite, waiting == 0 else { return }
        let wire = loop.wire
        wire.buffer.clear()
        cipher.sayGoodbye(into: &wire.buffer)
        if !wire.buffer.isEmpty { send(wire, loop) }
    }
}
