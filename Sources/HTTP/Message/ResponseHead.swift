internal import Bytes

/// A response head as it was received and judged.
///
/// Pooled: ``reset()`` keeps its memory.
///
/// Spans it lends are for the call in which they were asked for; see ``RequestHead``.
@safe @usableFromInline
package final class ResponseHead {
    /// Everything, in one place of its own; see ``RequestHead``.
    @usableFromInline
    struct Content: ~Copyable {
        @usableFromInline var fields = Fields()
        var line = StatusLine()
        var framing = BodyFraming.none
        var keepAlive = false
        var connectionUpgrade = false

        mutating func clear() {
            fields.clear()
            line = StatusLine()
            framing = .none
            keepAlive = false
            connectionUpgrade = false
        }

        mutating func copy(_ other: borrowing Content) {
            fields.copyContents(of: other.fields)
            line = other.line
            framing = other.framing
            keepAlive = other.keepAlive
            connectionUpgrade = other.connectionUpgrade
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

    var content: Content {
        unsafeAddress { unsafe UnsafePointer(memory) }
        unsafeMutableAddress { unsafe memory }
    }

    /// The header fields.
    @inlinable package var fields: Fields {
        // The first stored property lies where its structure does.
        unsafeAddress { unsafe UnsafeRawPointer(memory).assumingMemoryBound(to: Fields.self) }
    }

    /// 100 to 599.
    package var status: Int { content.line.status }
    package var version: HTTPVersion { content.line.version }

    package var reason: Span<UInt8> {
        @_lifetime(borrow self) get { fields.storage.bytes.extracting(content.line.reason) }
    }

    package var framing: BodyFraming { content.framing }

    /// The server will take another request on this connection, as far as its head says.
    package var keepAlive: Bool { content.keepAlive }

    /// `Connection` holds `upgrade`; with status 101 and the right `Upgrade` field a handshake may be valid (G62).
    package var connectionUpgrade: Bool { content.connectionUpgrade }

    /// What the head says about the length a body has, or, for HEAD and 304, would have had; nil when it says none.
    package var announcedLength: Int? {
        guard let value = content.fields.value(of: .contentLength) else { return nil }
        return FramingFields.length(value)
    }

    /// True when nothing was read into it since it was reset.
    var isEmpty: Bool { content.fields.storage.isEmpty }

    /// Forgets everything and keeps the memory.
    package func reset() { content.clear() }

    /// Makes this a copy of `other`.
    package func copyContents(from other: ResponseHead) {
        if self === other { return }
        content.copy(other.content)
    }
}
