/// Sizes in bytes as a person writes them: `16KiB`, `10MiB`, `1GiB`, or `0`.
enum SizeText {
    private static let units: [(suffix: String, bytes: Int)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
    ]

    /// A whole number and a unit, or `0` alone; nil for anything else, and for what does not fit.
    static func parse(_ text: String) -> Int? {
        if text == "0" { return 0 }
        let digits = text.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard (1...15).contains(digits.count), let count = Int(Substring(digits)),
            let unit = units.first(where: { $0.suffix.utf8.elementsEqual(text.utf8.dropFirst(digits.count)) })
        else { return nil }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: unit.bytes)
        return overflow ? nil : bytes
    }

    /// With the largest unit that leaves a whole number.
    static func write(_ bytes: Int) -> String {
        if bytes == 0 { return "0" }
        for unit in units where bytes % unit.bytes == 0 { return "\(bytes / unit.bytes)\(unit.suffix)" }
        return "\(bytes)B"
    }
}
