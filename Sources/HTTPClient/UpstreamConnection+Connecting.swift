import Bytes
import HTTP
import Sockets
import Time

/// From the first SYN to the first stream: the socket connects, the cipher shakes hands, and what was agreed on begins.
extension UpstreamConnection {
    func decideConnecting() {
        if let error = channel.connectionError {
            connectingFailed(UpstreamFailure(connecting: error))
            return
        }
        hasConnected = true
        if channel.isHandshaking {
            channel.beginHandshake(loop)
            shakeHands()
        } else {
            begin()
        }
    }

    /// Brings the handshake forward; the time for it is what connecting has left.
    func shakeHands() {
        var failure: UpstreamFailure?
        loop.scratch.use { scratch in
            while channel.isHandshaking, channel.canRead, failure == nil {
                do {
                    switch try channel.receive(into: scratch, loop) {
                    case .nothing: break
                    case .failed: failure = .handshake(HandshakeFault(channel.cipherFailure ?? "internal"))
                    // In HTTP/2 the server's settings may come in the same breath.
                    case .bytes where channel.applicationProtocol == .http2:
                        channel.hold(scratch.buffer.bytes, loop)
                    // A server speaks when it is spoken to (G51).
                    case .bytes, .end: failure = .handshake(HandshakeFault("unexpected_message"))
                    }
                } catch {
                    failure = .handshake(HandshakeFault("closed"))
                }
            }
        }
        channel.push(loop)
        if let failure {
            connectingFailed(failure)
        } else if channel.sendFailed {
            connectingFailed(.handshake(HandshakeFault("closed")))
        } else if !channel.isHandshaking {
            begin()
        }
    }

    /// Reads what is the cipher's own business, such as tickets; false when there was something else.
    func readsOnlyCipher() -> Bool {
        guard channel.isEncrypted else { return false }
        var isAll = true
        loop.scratch.use { scratch in
            while isAll, channel.canRead { isAll = (try? channel.receive(into: scratch, loop)) == .nothing }
        }
        return isAll
    }

    /// The connection is there: its first stream begins.
    func begin() {
        guard let stream else { return }
        endpoint.connected(to: address)
        if pool.settings.http2 {
            // On TLS the server has chosen; on plain text it is known to us ahead (RFC 9113, sections 3.2 and 3.3).
            if !channel.isEncrypted || channel.applicationProtocol == .http2 {
                goOnInHTTP2(stream)
                return
            }
            endpoint.serverSpeaksHTTP1()
        }
        lease(stream)
        isWorking = true
        stream.handler?.upstreamReady(stream)
        isWorking = false
        touch()
    }

    /// Lets a ``SharedConnection`` take over, for this stream and others.
    func goOnInHTTP2(_ stream: UpstreamStream) {
        self.stream = nil
        state.phase = .closed
        if let seat { loop.forget(seat, stillOpen: channel.descriptor) }
        if let timer { loop.timers.remove(timer) }
        seat = nil
        timer = nil
        if isCancelled { stream.handler = nil }
        endpoint.share(channel.moveAway(), address, for: stream)
    }

    func connectingFailed(_ failure: UpstreamFailure) {
        guard let stream else { return }
        self.stream = nil
        close()
        endpoint.connectingFailed(stream, address, failure)
    }
}

extension UpstreamFailure {
    init(connecting error: SystemError) {
        if error.isExhaustion {
            self = .overloaded
            return
        }
        self = error.isRefusal ? .refused : error.isTimeout ? .connectTimeout : .unreachable
    }
}
