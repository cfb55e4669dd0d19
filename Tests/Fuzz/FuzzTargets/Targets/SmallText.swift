import Bytes
import Formats
import Time

extension FuzzTarget {
    /// URLs, forms, dates and codings: what is read means the same after it was written again.
    static let smallText = FuzzTarget(name: "small-text") { input in
        let bytes = Array(input)
        if let text = String(strictUTF8: input), let url = URLParts(text) {
            let rest = url.path + (url.query.map { "?" + $0 } ?? "") + (url.fragment.map { "#" + $0 } ?? "")
            let port = url.port.map { ":\($0)" } ?? ""
            require(URLParts(url.scheme + "://" + url.host + port + rest) == url, "another URL")
            require(URLParts(url.origin)?.origin == url.origin, "another origin")
            require(bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x5C }, "a byte that parsers disagree about")
            require(!url.host.isEmpty && !url.authority.utf8.contains(0x40), "user information")
        }
        if let pairs = try? FormEncoding.parse(input) {
            let written = FormEncoding.encode(pairs.map { ($0.name, $0.value) })
            let again = try? FormEncoding.parse(written.utf8Span.span)
            require(
                again?.map(\.name) == pairs.map(\.name) && again?.map(\.value) == pairs.map(\.value), "another form")
        }
        if let time = HTTPDate.parse(input, now: Timestamp(seconds: 1_800_000_000)) {
            require(HTTPDate.parse(HTTPDate.string(time).utf8Span.span) == time, "another HTTP date")
        }
        if let time = RFC3339.parse(input) { require(RFC3339.parse(RFC3339.string(time)) == time, "another timestamp") }
        if let decoded = PercentEncoding.decode(input) { require(decoded.count <= bytes.count, "text grows") }
        if let decoded = Base64URL.decode(input) {
            require(Array(Base64URL.encode(decoded).utf8) == bytes, "base64url")
        }
        if let decoded = Base64.decode(input) { require(Array(Base64.encode(decoded).utf8) == bytes, "base64") }
        if let decoded = Hexadecimal.decode(input) { require(decoded.count * 2 == bytes.count, "hexadecimal") }
        require(Base64URL.decode(Base64URL.encode(bytes)) == bytes, "base64url of anything")
    }
}
