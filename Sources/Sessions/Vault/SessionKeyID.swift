/// The name of a list key: 16 hexadecimal digits derived from it, which tell nothing about it.
///
/// Stored beside what the key sealed, so that a missing key can be named (B42).
package struct SessionKeyID: Sendable, Hashable, CustomStringConvertible {
    package let text: String
    package init(text: String) { self.text = text }
    package var description: String { text }
}
