/// A path on our own site, as a person may configure one: `/`, `/signed-out`.
enum LocalPath {
    /// Why `text` is none, or nil when it is one.
    ///
    /// Browsers read `//host`, `/\host` and control characters as a way to another site (A18, F4).
    static func objection(to text: String) -> String? {
        if !text.hasPrefix("/") { return "begins with /" }
        if text.utf8.dropFirst().first == UInt8(ascii: "/") { return "begins with a single /" }
        if text.utf8.contains(UInt8(ascii: "\\")) { return "holds no \\" }
        if text.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F }) {
            return "holds no spaces and no letters beyond ASCII"
        }
        if text.utf8.contains(UInt8(ascii: "#")) { return "has no fragment" }
        return text.utf8.count > 2048 ? "is at most 2 KiB long" : nil
    }
}
