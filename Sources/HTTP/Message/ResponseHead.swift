internal import Bytes

/// A response head as it was received and judged.
///
/// Pooled: ``reset()`` keeps its memory.
///
/// Spans it lends are for the call in which they were asked for; see ``RequestHead``.
@safe
package final class ResponseHead {
    private let memory: UnsafeMutablePointer<Fields>

    var line = StatusLine()
    package internal(set) var framing = BodyFraming.none
    /// The server will take another request on this connection, as far as its head says.
    package internal(set) var keepAlive = false
    /// `Connection` holds `upgrade`; with status 101 and the right `Upgrade` field a handshake may be valid (G62).
    package internal(set) var connectionUpgrade = false

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

    /// 100 to 599.
    package var status: Int { line.status }
    package var version: HTTPVersion { line.version }

    package var reason: Span<UInt8> {
        @_lifetime(borrow self) get { fields.storage.bytes.extracting(line.reason) }
    }

    /// True when nothing was read into it since it was reset.
    var isEmpty: Bool { fields.storage.isEmpty }

    /// Forgets everything and keeps the memory.
    package func reset() {
        writableFields.clear()
        line = StatusLine()
        framing = .none
        keepAlive = false
        connectionUpgrade = false
    }

    /// Makes this a copy of `other`.
    package func copyContents(from other: ResponseHead) {
        writableFields.copyContents(of: other.fields)
        line = other.line
        framing = other.framing
        keepAlive = other.keepAlive
        connectionUpgrade = other.connectionUpgrade
    }
}
