private import Bytes

extension Span where Element == UInt8 {
    /// True when the bytes are those of `other`.
    func equals(_ other: [UInt8]) -> Bool {
        if count != other.count { return false }
        for index in indices where self[index] != other[index] { return false }
        return true
    }

    /// True when `lowercase` stands anywhere in the bytes, in any letter case.
    func containsIgnoringCase(_ lowercase: StaticString) -> Bool {
        let length = lowercase.utf8CodeUnitCount
        var start = 0
        while start + length <= count {
            if extracting(start..<(start + length)).equalsIgnoringCase(lowercase) { return true }
            start &+= 1
        }
        return false
    }

    /// True when the bytes end with `lowercase`, in any letter case.
    func endsIgnoringCase(_ lowercase: StaticString) -> Bool {
        let length = lowercase.utf8CodeUnitCount
        return count >= length && extracting((count - length)..<count).equalsIgnoringCase(lowercase)
    }

    /// The part without spaces and tabs at both ends (`OWS` of RFC 9110, section 5.6.3).
    var trimmed: Span<UInt8> {
        @_lifetime(copy self)
        get {
            var start = 0
            var end = count
            while start < end, self[start] == 0x20 || self[start] == 0x09 { start &+= 1 }
            while end > start, self[end &- 1] == 0x20 || self[end &- 1] == 0x09 { end &-= 1 }
            return extracting(start..<end)
        }
    }
}
