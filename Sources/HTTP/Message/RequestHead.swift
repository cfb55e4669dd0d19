internal import Bytes

/// A request head as it was received and judged.
///
/// Pooled: ``reset()`` keeps its memory.
///
/// Spans it lends stay valid until the next ``reset()``; they are for the call in which they were asked for.
/// The compiler follows them only from a local constant: `let head = exchange.head`.
@safe @usableFromInline
package final class RequestHead {
    /// Everything, in one place of its own: reading a property of a class costs a question to the runtime (whether
    /// somebody is writing it), and a head is asked a hundred things a request.
    @usableFromInline
    struct Content: ~Copyable {
        @usableFromInline var fields = Fields()
        var line = RequestLine()
        /// The target in `fields.storage`, behind the head where it had to be composed.
        var target = 0..<0
        var pathEnd = 0
        var authority = 0..<0
        var hostEnd = 0
        var port: UInt16?
        var framing = BodyFraming.none
        var keepAlive = false
        var expectsContinue = false
        var isUpgrade = false
        var acceptsTrailers = false

        mutating func clear() {
            fields.clear()
            line = RequestLine()
            target = 0..<0
            pathEnd = 0
            authority = 0..<0
            hostEnd = 0
            port = nil
            framing = .none
            keepAlive = false
            expectsContinue = false
            isUpgrade = false
            acceptsTrailers = false
        }

        mutating func copy(_ other: borrowing Content) {
            fields.copyContents(of: other.fields)
            line = other.line
            target = other.target
            pathEnd = other.pathEnd
            authority = other.authority
            hostEnd = other.hostEnd
            port = other.port
            framing = other.framing
            keepAlive = other.keepAlive
            expectsContinue = other.expectsContinue
            isUpgrade = other.isUpgrade
            acceptsTrailers = other.acceptsTrailers
        }
    }

    @usableFromInline let memory: UnsafeMutablePointer<Content>

    package init() {
        unsafe memory = .allocate(capacity: 1)
        unsafe memory.initialize(to: Content())
    }

    deinit {
        unsafe memory.deinitialize(count: 1)
        unsafe memory.deallocate()
    }

    @usableFromInline var content: Content {
        @inlinable unsafeAddress { unsafe UnsafePointer(memory) }
        unsafeMutableAddress { unsafe memory }
    }

    /// The header fields.
    @inlinable package var fields: Fields {
        // The first stored property lies where its structure does.
        unsafeAddress { unsafe UnsafeRawPointer(memory).assumingMemoryBound(to: Fields.self) }
    }

    package var method: Method { content.line.method }
    package var version: HTTPVersion { content.line.version }
    package var form: TargetForm { content.line.form }

    @_lifetime(borrow self)
    private func bytes(_ range: Range<Int>) -> Span<UInt8> {
        fields.storage.bytes.extracting(range)
    }

    package var methodBytes: Span<UInt8> {
        @_lifetime(borrow self) get { bytes(content.line.methodName) }
    }

    /// Path and query exactly as received.
    ///
    /// Of an absolute-form target the part behind its authority, `/` when there is none (G70); `*` for the asterisk-form.
    package var target: Span<UInt8> {
        @_lifetime(borrow self) get { bytes(content.target) }
    }

    /// ``target`` up to the first `?`.
    package var path: Span<UInt8> {
        @_lifetime(borrow self) get { bytes(content.target.lowerBound..<content.pathEnd) }
    }

    /// ``target`` behind the first `?`; nil without one, empty for a trailing one.
    package var query: Span<UInt8>? {
        @_lifetime(borrow self)
        get {
            if content.pathEnd == content.target.upperBound { return nil }
            return bytes((content.pathEnd + 1)..<content.target.upperBound)
        }
    }

    /// `host[:port]` of an absolute-form target, else of `Host` (RFC 9112, section 3.3).
    ///
    /// Checked, letters as received; empty for an HTTP/1.0 request that names none.
    package var authority: Span<UInt8> {
        @_lifetime(borrow self) get { bytes(content.authority) }
    }

    /// ``authority`` without its port; IPv6 in brackets.
    package var host: Span<UInt8> {
        @_lifetime(borrow self) get { bytes(content.authority.lowerBound..<content.hostEnd) }
    }

    /// The authority's port; nil when it names none.
    package var port: UInt16? { content.port }

    package var framing: BodyFraming { content.framing }

    /// The client allows another request on this connection (RFC 9112, section 9.3).
    package var keepAlive: Bool { content.keepAlive }

    /// `Expect: 100-continue` with a body to come (RFC 9110, section 10.1.1).
    package var expectsContinue: Bool { content.expectsContinue }

    /// A WebSocket handshake: GET, HTTP/1.1, `Connection: upgrade`, `Upgrade: websocket`, no body (G60).
    ///
    /// All other upgrades are ordinary requests.
    package var isUpgrade: Bool { content.isUpgrade }

    /// `TE: trailers`: trailer fields may be sent to this client (RFC 9110, section 6.5.1).
    package var acceptsTrailers: Bool { content.acceptsTrailers }

    /// True when nothing was read into it since it was reset.
    var isEmpty: Bool { content.fields.storage.isEmpty }

    /// Forgets everything and keeps the memory.
    package func reset() { content.clear() }

    /// Forgets everything and gives the memory back.
    package func release() {
        content.clear()
        content.fields.release()
    }

    /// Makes this a copy of `other`.
    package func copyContents(from other: RequestHead) {
        if self === other { return }
        content.copy(other.content)
    }
}
