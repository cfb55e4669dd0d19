import Bytes

/// The methods of a route as bits, and the number that a request's method has among them (G73).
///
/// Method names are case-sensitive (RFC 9110, section 9.1). One that differs from a known name only in case is neither
/// that method nor a stranger: where a path has rules by method it is refused, since upstreams may take it for the other.
struct MethodNames: Sendable {
    /// All methods, strangers and misspelt ones included.
    static let all = UInt64.max
    static let misspelt: UInt8 = 62
    static let stranger: UInt8 = 63

    /// In the order of their bits.
    private(set) var names: [String] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    private var further: [UInt8] = []

    /// The bit of a method that configuration names; nil when there are too many of them.
    mutating func bit(of name: String) -> UInt64? {
        if let index = names.firstIndex(of: name) { return 1 << UInt64(index) }
        guard names.count < Int(Self.misspelt) else { return nil }
        names.append(name)
        further.append(contentsOf: name.utf8)
        further.append(UInt8(ascii: " "))
        return 1 << UInt64(names.count - 1)
    }

    /// The number of a request's method.
    func number(of method: Span<UInt8>) -> UInt8 {
        switch method.count {
        case 3:
            if method.equals("GET") { return 0 }
            if method.equals("PUT") { return 3 }
        case 4:
            if method.equals("POST") { return 2 }
            if method.equals("HEAD") { return 1 }
        case 5:
            if method.equals("PATCH") { return 4 }
        case 6:
            if method.equals("DELETE") { return 5 }
        case 7:
            if method.equals("OPTIONS") { return 6 }
        default: break
        }
        return unusualNumber(of: method)
    }

    private func unusualNumber(of method: Span<UInt8>) -> UInt8 {
        var number: UInt8 = 7
        var start = 0
        while start < further.count {
            var end = start
            while further[end] != UInt8(ascii: " ") { end += 1 }
            if end - start == method.count {
                var same = true
                for index in method.indices where method[index] != further[start + index] { same = false }
                if same { return number }
            }
            number += 1
            start = end + 1
        }
        for index in method.indices where method[index] &- 97 < 26 { return Self.misspelt }
        return Self.stranger
    }

    /// The names in `bits`, as `Allow` lists them.
    func list(_ bits: UInt64) -> String {
        names.indices.filter { bits >> UInt64($0) & 1 != 0 }.map { names[$0] }.joined(separator: ", ")
    }
}
