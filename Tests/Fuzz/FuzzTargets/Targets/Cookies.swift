import Bytes
import HTTP

extension FuzzTarget {
    /// The values of `Cookie` lines, one a line of the input; those that no head can hold are left out.
    static let cookies = FuzzTarget(name: "cookies") { input in
        let name = Array("__Host-Http-postern".utf8)
        var fields = Fields()
        for line in Array(input).split(separator: 0x0A, omittingEmptySubsequences: false) {
            let value = Array(line)
            if Fields.isValid(value: value.span) { fields.append(.cookie, value.span) }
        }
        var ours = 0
        var others: [[UInt8]] = []
        var reader = CookieReader(fields)
        while let cookie = reader.next() {
            require(!cookie.pair.isEmpty, "an empty pair")
            if cookie.name.equals(name.span) { ours += 1 } else { others.append(Array(cookie.pair)) }
        }
        let isCounted = ours + others.count <= CookieReader.mostPairs
        switch CookieReader(fields).find(name.span) {
        case .none: require(ours == 0 && isCounted, "a cookie that is not found")
        case .one: require(ours == 1 && isCounted, "a cookie that is not alone")
        case .several: require(ours > 1 || !isCounted, "a cookie that is alone")
        }
        // Ours are gone, the others are there, in order (E11).
        var output = Fields()
        CookieReader(fields).copyOthers(into: &output) { $0.equals(name.span) }
        var left: [[UInt8]] = []
        var again = CookieReader(output)
        while let cookie = again.next() {
            require(!cookie.name.equals(name.span), "ours is forwarded")
            left.append(Array(cookie.pair))
        }
        require(left == others, "the others change")
        if let value = input.count < 5000 ? input : nil { _ = SetCookie.name(of: value) }
    }
}
