import Bytes
import Formats
import Testing

@Suite("Percent and form encoding")
struct FormEncodingTests {
    private func parse(_ text: String, limit: Int = 100) throws(FormError) -> [String] {
        try FormEncoding.parse(text.utf8Span.span, limit: limit).map { "\($0.name)→\($0.value)" }
    }

    @Test("B5 client credentials are form-encoded apart")
    func clientCredentials() {
        #expect(FormEncoding.encode(one: "a:b c") == "a%3Ab+c")
        #expect(FormEncoding.encode(one: "p+q%/é:") == "p%2Bq%25%2F%C3%A9%3A")
    }

    @Test("RFC 6749 appendix B")
    func appendixB() {
        // The example of the appendix: U+0020 U+0025 U+0026 U+002B U+00A3 U+20AC.
        #expect(FormEncoding.encode(one: " %&+£€") == "+%25%26%2B%C2%A3%E2%82%AC")
    }

    @Test("pairs keep order and duplicates")
    func parsing() throws {
        #expect(try parse("a=1&b=&c&=d&a=2") == ["a→1", "b→", "c→", "→d", "a→2"])
        #expect(try parse("") == [])
        #expect(try parse("&&a=1&&") == ["a→1"])
        #expect(try parse("x=a+b%20c%2B&y=%C3%A9") == ["x→a b c+", "y→é"])
        #expect(try parse("a=b=c") == ["a→b=c"])
        #expect(try parse("a%3Db=%26") == ["a=b→&"])
    }

    @Test("bad escapes, bad UTF-8 and too many pairs are refused")
    func refused() {
        for bad in ["a=%", "a=%2", "a=%zz", "%g0=1", "a=%%20"] {
            #expect(throws: FormError.badEscape) { try parse(bad) }
        }
        for bad in ["a=%FF", "%C0%AF=1", "a=%ED%A0%80"] { #expect(throws: FormError.notUTF8) { try parse(bad) } }
        #expect(throws: FormError.tooMany) { try parse("a=1&b=2&c=3", limit: 2) }
        #expect(throws: Never.self) { try parse("a=1&b=2&&&", limit: 2) }
    }

    @Test("what is written is read again")
    func roundTrip() throws {
        let pairs = [("a b", "1&2=3"), ("é", "\u{0}\u{7F}~*"), ("", "")]
        let read = try FormEncoding.parse(FormEncoding.encode(pairs).utf8Span.span)
        #expect(read.map(\.name) == pairs.map(\.0))
        #expect(read.map(\.value) == pairs.map(\.1))
    }

    @Test("percent-encoding keeps unreserved characters")
    func percent() {
        #expect(PercentEncoding.encode("aZ09-._~ /?é%") == "aZ09-._~%20%2F%3F%C3%A9%25")
        #expect(PercentEncoding.encode("/a b", keeping: .target) == "/a%20b")
        #expect(PercentEncoding.decode("a%2fb+%00".utf8Span.span) == Array("a/b+\u{0}".utf8))
        #expect(PercentEncoding.decode("%252e".utf8Span.span) == Array("%2e".utf8))
        for bad in ["%", "a%2", "%g1", "%1g", "%-1"] { #expect(PercentEncoding.decode(bad.utf8Span.span) == nil) }
    }

    @Test("HTML is escaped in content and in either kind of attribute")
    func html() {
        #expect(HTMLEscape.escape(#"<a href='x' b="y">&é"#) == "&lt;a href=&#39;x&#39; b=&quot;y&quot;&gt;&amp;é")
    }
}
