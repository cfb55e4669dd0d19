internal import Bytes

/// A request head as it was received and judged.
///
/// Pooled: ``reset()`` keeps its memory.
///
/// Spans it lends stay valid until the next ``reset()``; they are for the call in which they were asked for.
/// The compiler follows them only from a local constant: `let head = exchange.head`.
@safe
package final class RequestHead {
    private let memory: UnsafeMutablePointer<Fields>

    var line = RequestLine()
    /// The target in `fields.storage`, behind the head where it had to be composed.
    var targetRange = 0..<0
    var pathEnd = 0
    var authorityRange = 0..<0
    var hostEnd = 0

    /// The authority's port; nil when it names none.
    package internal(set) var port: UInt16?
    package internal(set) var framing = BodyFraming.none
    /// The client allows another request on this connection (RFC 9112, section 9.3).
    package internal(set) var keepAlive = false
    /// `Expect: 100-continue` with a body to come (RFC 9110, section 10.1.1).
    package internal(set) var expectsContinue = false
    /// A WebSocket handshake: GET, HTTP/1.1, `Connection: upgrade`, `Upgrade: websocket` (G60).
    ///
    /// All other upgrades are ordinary requests.
    package internal(set) var isUpgrade = false
    /// `TE: trailers`: trailer fields may be sent to this client (RFC 9110, section 6.5.1).
    package internal(set) var acceptsTrailers = false

    package init() {
        unsafe memory = .allocate(capacity: 1)
        unsafe memory.initialize(to: Fields())
    }

    deinit {
        unsafe memory.deinitialize(count: 1)
        unsafe memory.deallocate()
    }

    /// The header fields.
    package var fields: Fields {
        unsafeAddress { unsafe UnsafePointer(memory) }
    }

    /// The same, for the engine that fills them.
    var writableFields: Fields {
        unsafeAddress { unsafe UnsafePointer(memory) }
        unsafeMutableAddress { unsafe memory }
    }

    package var method: Method { line.method }
    package var version: HTTPVersion { line.version }
    package var form: TargetForm { line.form }

    @_lifetime(borrow self)
    private func bytes(_ range: Range<Int>) -> Span<UInt8> {
        fields.storage.bytes.extracting(range)
    }

    package var methodBytes: Span<UInt8> {
        @_lifetime(borrow self) get { bytes(0..<line.methodEnd) }
    }

    /// Path and query exactly as received; of an absolute-form target the part behind its authority, `/` when there is
    /// none (G70).
    ///
    /// `*` for the asterisk-form.
    package var target: Span<UInt8> {
        @_lifetime(borrow self) get { bytes(targetRange) }
    }

    /// ``target`` up to the first `?`.
    package var path: Span<UInt8> {
        @_lifetime(borrow self) get { bytes(targetRange.lowerBound..<pathEnd) }
    }

    /// ``target`` behind the first `?`; nil without one, empty for a trailing one.
    package var query: Span<UInt8>? {
        @_lifetime(borrow self)
        get {
            if pathEnd == targetRange.upperBound { return nil }
            return bytes((pathEnd + 1)..<targetRange.upperBound)
        }
    }

    /// `host[:port]` of an absolute-form target, else of `Host` (RFC 9112, section 3.3), checked, letters as received.
    ///
    /// Empty for an HTTP/1.0 request that names none.
    package var authority: Span<UInt8> {
        @_lifetime(borrow self) get { bytes(authorityRange) }
    }

    /// ``authority`` without its port; IPv6 in brackets.
    package var host: Span<UInt8> {
        @_lifetime(borrow self) get { bytes(authorityRange.lowerBound..<hostEnd) }
    }

    /// True when nothing was read into it since it was reset.
    var isEmpty: Bool { fields.storage.isEmpty }

    /// Forgets everything and keeps the memory.
    package func reset() {
        writableFields.clear()
        line = RequestLine()
        targetRange = 0..<0
        pathEnd = 0
        authorityRange = 0..<0
        hostEnd = 0
        port = nil
        framing = .none
        keepAlive = false
        expectsContinue = false
        isUpgrade = false
        acceptsTrailers = false
    }

    /// Makes this a copy of `other`.
    package func copyContents(from other: RequestHead) {
        writableFields.copyContents(of: other.fields)
        line = other.line
        targetRange = other.targetRange
        pathEnd = other.pathEnd
        authorityRange = other.authorityRange
        hostEnd = other.hostEnd
        port = other.port
        framing = other.framing
        keepAlive = other.keepAlive
        expectsContinue = other.expectsContinue
        isUpgrade = other.isUpgrade
        acceptsTrailers = other.acceptsTrailers
    }
}
