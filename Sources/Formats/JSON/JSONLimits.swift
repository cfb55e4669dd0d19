/// How much JSON is read before it is refused.
package struct JSONLimits: Sendable {
    /// Size of the text.
    package var bytes: Int
    /// Arrays and objects inside each other.
    package var depth: Int

    package init(bytes: Int = 1 << 20, depth: Int = 32) {
        self.bytes = bytes
        self.depth = depth
    }

    /// 1 MiB, 32 levels.
    package static let standard = JSONLimits()
}
