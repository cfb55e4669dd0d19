public import Bytes
package import Time

/// A connected socket on a loop, with what waits to leave and what waits to be wanted.
///
/// It remembers what the kernel said, since edge-triggered news comes once. An idle channel holds no memory. With a cipher
/// in between, everything here is about plain bytes all the same; see `Channel+Cipher.swift`.
@usableFromInline
package struct Channel: ~Copyable {
    var socket: Socket
    /// There may be something to read.
    package internal(set) var canRead = false
    package internal(set) var canWrite: Bool
    /// The peer's FIN has been announced; what it sent before may still be unread.
    package internal(set) var peerHasClosed = false
    /// The kernel refused our bytes: the peer is gone.
    package internal(set) var sendFailed = false
    /// Written and not yet taken by the kernel.
    ///
    /// Call ``willWrite(_:)`` before writing.
    @usableFromInline package var output = ByteBuffer()
    /// Read and not yet wanted.
    @usableFromInline var input: WaitingBytes?
    /// The last time the kernel took bytes, or bytes began to wait.
    package var outputMoved: Instant

    /// What stands between us and the socket; nil where bytes travel as they are.
    var cipher: (any ByteCipher)?
    /// Sealed and not yet taken by the kernel; nil while there is nothing of it.
    @usableFromInline var sealed: WaitingBytes?
    /// The peer has said goodbye, and what it said before may still be on its way to the caller.
    var hasGoodbye = false
    /// True until the cipher's handshake is over; what is written meanwhile waits in ``output``.
    package internal(set) var isHandshaking: Bool

    /// - Parameters:
    ///   - cipher: what seals and opens the bytes of this connection.
    ///   - isConnected: false while the socket connects; ``note(_:)`` of `writable` changes it.
    package init(
        _ socket: consuming Socket, cipher: (any ByteCipher)? = nil, isConnected: Bool, now: Instant
    ) {
        self.socket = socket
        self.cipher = cipher
        isHandshaking = cipher != nil
        canWrite = isConnected
        outputMoved = now
    }

    /// Takes everything out, for another owner; what is left behind is closed.
    package mutating func moveAway() -> Channel {
        var moved = Channel(Socket(owning: -1), isConnected: false, now: outputMoved)
        swap(&self, &moved)
        return moved
    }

    package var descriptor: Int32 { socket.descriptor }
    package var localAddress: SocketAddress? { socket.localAddress() }
    /// How connecting ended; nil is well.
    package var connectionError: SystemError? { socket.connectionError() }

    /// Remembers news.
    package mutating func note(_ readiness: Readiness) {
        if readiness.peerClosed { peerHasClosed = true }
        // Behind a FIN, a reset or a hang-up there is an end or an error to be read.
        if readiness.isReadable || readiness.peerClosed || readiness.isGone { canRead = true }
        if readiness.isWritable { canWrite = true }
    }

    // MARK: Writing

    /// Bytes that wait for the kernel, in either form.
    @inlinable package var waiting: Int { sealed == nil ? output.count : output.count &+ sealedCount }

    /// Gives ``output`` memory, and starts its clock if it was empty.
    package mutating func willWrite(_ loop: EventLoop) {
        if output.isEmpty { outputMoved = loop.now }
        loop.buffers.lend(&output)
    }

    /// Gives the kernel what it takes now.
    package mutating func push(_ loop: EventLoop) {
        if let cipher {
            pushSealed(Span(), cipher, loop)
            if output.isEmpty { loop.buffers.take(&output) }
            return
        }
        if canWrite, !output.isEmpty {
            do {
                let count = try socket.send(output.bytes)
                if count > 0 { outputMoved = loop.now }
                // A short write means that the kernel is full; it will say when it is not.
                if count < output.count { canWrite = false }
                output.consume(count)
            } catch {
                refused()
            }
        }
        if output.isEmpty { loop.buffers.take(&output) }
    }

    /// Gives the kernel ``output`` and `piece` behind it; what it does not take of the piece waits in ``output``.
    package mutating func push(_ piece: Span<UInt8>, _ loop: EventLoop) {
        if let cipher {
            let taken = pushSealed(piece, cipher, loop)
            output.append(piece.extracting(taken..<piece.count))
            return
        }
        var taken = 0
        if canWrite {
            do {
                taken = try socket.send(output.bytes, piece)
                if taken > 0 { outputMoved = loop.now }
                if taken < output.count + piece.count { canWrite = false }
            } catch {
                refused()
            }
        }
        let waiting = output.count
        output.consume(min(taken, waiting))
        if taken < waiting + piece.count { output.append(piece.extracting(max(0, taken - waiting)..<piece.count)) }
    }

    mutating func refused() {
        sendFailed = true
        canWrite = false
        // Behind what the peer still said there is an end or an error to be read.
        canRead = true
    }

    /// Forgets what waits to leave.
    package mutating func dropOutput(_ loop: EventLoop) {
        loop.buffers.take(&output)
        dropSealed(loop)
    }

    // MARK: Reading

    /// Reads once into the loop's scratch buffer, which is the caller's for now.
    package mutating func receive(into scratch: BufferBox, _ loop: EventLoop) throws(SystemError) -> Received {
        if let cipher { return try receiveSealed(into: scratch, cipher, loop) }
        return try receiveAsItIs(into: scratch)
    }

    mutating func receiveAsItIs(into scratch: BufferBox) throws(SystemError) -> Received {
        let received: Received
        do {
            received = try socket.receive(into: &scratch.buffer, space: EventLoop.readSize)
        } catch {
            canRead = false
            throw error
        }
        switch received {
        case .nothing, .failed: canRead = false
        case .end:
            canRead = false
            peerHasClosed = true
        case .bytes(let full):
            // With a FIN behind the bytes no further news would come: read on until the end.
            if !full, !peerHasClosed { canRead = false }
        }
        return received
    }

    /// Keeps bytes that nobody wants yet.
    package mutating func hold(_ bytes: Span<UInt8>, _ loop: EventLoop) {
        if bytes.isEmpty { return }
        let kept = input ?? loop.takeWaiting()
        loop.buffers.lend(&kept.buffer)
        kept.buffer.append(bytes)
        input = kept
    }

    /// Takes the held bytes out, to be given back by ``putBack(_:_:)``.
    package mutating func takeHeld(_ held: inout ByteBuffer) {
        if let input { swap(&held, &input.buffer) }
    }

    /// Some bytes are held.
    @inlinable package var holdsInput: Bool { input != nil && heldCount > 0 }

    @usableFromInline var heldCount: Int { input?.buffer.count ?? 0 }

    /// Keeps what is left of the held bytes.
    package mutating func putBack(_ held: inout ByteBuffer, _ loop: EventLoop) {
        if held.isEmpty {
            loop.buffers.take(&held)
            dropInput(loop)
            return
        }
        let kept = input ?? loop.takeWaiting()
        swap(&held, &kept.buffer)
        input = kept
    }

    package mutating func dropInput(_ loop: EventLoop) {
        if let input { loop.giveBack(input) }
        input = nil
    }

    // MARK: The end

    /// Tells the peer that nothing more comes, and goes on reading.
    package mutating func shutDownSending(_ loop: EventLoop) {
        sayGoodbye(loop)
        socket.shutDownSending()
    }

    /// Makes closing a reset, so that the peer cannot take what it has for all there was.
    package func resetWhenClosed() { socket.resetWhenClosed() }

    /// Closes the socket and gives all memory back.
    package mutating func close(_ loop: EventLoop) {
        dropInput(loop)
        loop.buffers.take(&output)
        dropSealed(loop)
        cipher = nil
        socket.close()
    }
}
