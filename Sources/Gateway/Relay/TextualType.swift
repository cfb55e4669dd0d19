import Bytes

/// Whether a `Content-Type` is text or JSON, where an echoed token could be read.
enum TextualType {
    static func holds(_ value: Span<UInt8>) -> Bool {
        let end = value.firstIndex(of: UInt8(ascii: ";")) ?? value.count
        let type = value.extracting(0..<end)
        if type.count >= 5, type.extracting(0..<5).equalsIgnoringCase("text/") { return true }
        guard type.count >= 12, type.extracting(0..<12).equalsIgnoringCase("application/") else { return false }
        let subtype = type.extracting(12..<type.count)
        for word in 0..<words.count where contains(subtype, words[word]) { return true }
        return false
    }

    private static let words: [[UInt8]] = ["json", "xml", "javascript", "x-www-form-urlencoded", "graphql", "problem"]
        .map { Array($0.utf8) }

    private static func contains(_ text: Span<UInt8>, _ word: [UInt8]) -> Bool {
        var start = 0
        while start + word.count <= text.count {
            if text.extracting(start..<(start + word.count)).equalsIgnoringCase(word.span) { return true }
            start += 1
        }
        return false
    }
}

extension Int {
    /// Decimal digits only; nil for anything else.
    init?(ascii digits: Span<UInt8>) {
        guard !digits.isEmpty, digits.count <= 18 else { return nil }
        var value = 0
        for index in digits.indices {
            let digit = digits[index] &- 48
            guard digit < 10 else { return nil }
            value = value * 10 + Int(digit)
        }
        self = value
    }
}
