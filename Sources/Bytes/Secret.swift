/// Bytes that are never printed: tokens, keys, client secrets.
///
/// Wiped when the last holder lets go.
package struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private final class Box: Sendable {
        let bytes: [UInt8]
        // A copy of its own: wiping storage that a caller's array shares would turn that array into zeros.
        init(_ bytes: [UInt8]) { self.bytes = [UInt8](bytes.span) }
        deinit {
            unsafe bytes.withUnsafeBufferPointer { buffer in
                if let base = unsafe UnsafeMutablePointer(mutating: buffer.baseAddress) {
                    unsafe base.update(repeating: 0, count: buffer.count)
                }
            }
        }
    }

    private let box: Box

    package init(_ bytes: [UInt8]) { box = Box(bytes) }
    package init(_ text: String) { box = Box([UInt8](text.utf8)) }

    /// The secret itself.
    ///
    /// Whoever asks must need it on the wire or for a computation; the copy outlives this value unwiped.
    package var exposed: [UInt8] {
        let bytes = box.bytes
        return [UInt8](bytes.span)
    }

    /// The secret as text; nil when it is not UTF-8.
    package var exposedText: String? { String(validating: box.bytes, as: UTF8.self) }

    package var count: Int { box.bytes.count }
    package var isEmpty: Bool { box.bytes.isEmpty }

    package static func == (a: Secret, b: Secret) -> Bool { ConstantTime.equal(a.box.bytes, b.box.bytes) }
    package func hash(into hasher: inout Hasher) { hasher.combine(box.bytes) }

    package var description: String { "<secret>" }
    package var debugDescription: String { "<secret>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
