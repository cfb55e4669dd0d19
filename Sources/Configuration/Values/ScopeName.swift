/// One scope (`scope-token` of RFC 6749, section 3.3).
enum ScopeName {
    /// Reports a text that is none.
    static func check(_ scope: Located<String>, _ context: ReadingContext) {
        if scope.value.utf8.allSatisfy(isScopeByte) { return }
        let hint = scope.value.contains(" ") ? "one entry for each scope" : nil
        context.error(scope.mark, "\(scope.shown) is no scope", hint: hint)
    }

    private static func isScopeByte(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }
}
