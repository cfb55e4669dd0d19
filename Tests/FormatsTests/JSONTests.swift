import Formats
import Testing

@Suite("JSON")
struct JSONTests {
    private func parse(_ text: String) throws(JSONError) -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

    @Test("every kind of value is read")
    func kinds() throws {
        let value = try parse(#" {"a":[1,-2.5,true,false,null,"x\u00e9\n\ud83d\ude00"],"b":{}} "#)
        #expect(value == ["a": [1, -2.5, true, false, .null, "xé\n😀"], "b": [:]])
        #expect(value["a"]?.array?.count == 6)
        #expect(value["c"] == nil)
        #expect(try parse("7") == 7)
        #expect(try parse(#""""#) == "")
    }

    @Test("accessors never convert")
    func accessors() throws {
        #expect(JSONValue.string("1").integer == nil)
        #expect(JSONValue.number(1).integer == nil)
        #expect(JSONValue.integer(1).string == nil)
        #expect(JSONValue.integer(1).bool == nil)
        #expect(JSONValue.integer(1).double == 1)
        #expect(JSONValue.null["x"] == nil)
    }

    @Test(
        "what strict JSON is not, is refused",
        arguments: [
            ("", JSONError.incomplete), ("{", .incomplete), (#"{"a":1,"a":2}"#, .duplicateMember),
            (#"{"a":1,"\u0061":2}"#, .duplicateMember), (#"[{"b":{"a":1,"a":1}}]"#, .duplicateMember),
            ("\u{FEFF}{}", .malformed), ("{}x", .trailingData), ("{}{}", .trailingData), ("{} ,", .trailingData),
            (#""\u0000""#, .nullCharacter), (#"{"\u0000":1}"#, .nullCharacter), ("\"\u{0}\"", .malformed),
            (#""\ud800""#, .malformed), (#""\udc00\ud800""#, .malformed), ("[1,]", .malformed), ("{'a':1}", .malformed),
            ("[01]", .malformed), ("[+1]", .malformed), ("[.5]", .malformed), ("[1.]", .malformed),
            ("NaN", .malformed), ("Infinity", .malformed), ("-Infinity", .malformed), ("nul", .malformed),
            ("1e400", .numberOutOfRange), ("-1e400", .numberOutOfRange), ("9223372036854775808", .numberOutOfRange),
            ("-9223372036854775809", .numberOutOfRange), ("\"\t\"", .malformed), ("{\"a\" 1}", .malformed),
            ("// x\n1", .malformed), ("\u{A0}1", .malformed), ("\u{0C}1", .malformed),
        ])
    func refused(_ text: String, _ error: JSONError) {
        #expect(throws: error) { try parse(text) }
    }

    @Test("the limits of 64 bits are integers, numbers too small are zero")
    func numbers() throws {
        #expect(try parse("9223372036854775807") == .integer(.max))
        #expect(try parse("-9223372036854775808") == .integer(.min))
        #expect(try parse("1e-400").double == 0)
        #expect(try parse("1e308").double == 1e308)
        #expect(try parse("1.0") == .number(1))
        #expect(try parse("1E2") == .number(100))
    }

    @Test(
        "bytes that are not UTF-8 are refused",
        arguments: [
            [0xC0, 0xAF], [0xFF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82], [0x80],
            [0xF8, 0x88, 0x80],
        ] as [[UInt8]])
    func notUTF8(_ bytes: [UInt8]) {
        #expect(throws: JSONError.notUTF8) { try JSONValue(parsing: [0x22] + bytes + [0x22]) }
    }

    @Test("UTF-16 is refused")
    func utf16() {
        let little = #"{"a":1}"#.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        #expect(throws: JSONError.self) { try JSONValue(parsing: little) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: [0xFF, 0xFE] + little) }
    }

    @Test("a NUL ends nothing early")
    func embeddedNull() {
        #expect(throws: JSONError.self) { try JSONValue(parsing: Array("{}".utf8) + [0]) }
        for text in [
            "{}\u{0}x", "[1\u{0},2]", "[true\u{0}]", "1\u{0}", "\u{0}1", "[\u{0}1]", "{\u{0}}", "{\"a\"\u{0}:1}",
        ] {
            #expect(throws: JSONError.malformed) { try parse(text) }
        }
    }

    @Test("depth is counted before the parser recurses")
    func depth() throws {
        func nested(_ levels: Int) -> [UInt8] {
            Array(repeating: UInt8(ascii: "["), count: levels) + Array(repeating: UInt8(ascii: "]"), count: levels)
        }
        _ = try JSONValue(parsing: nested(32))
        #expect(throws: JSONError.tooDeep) { try JSONValue(parsing: nested(33)) }
        #expect(throws: JSONError.tooDeep) { try JSONValue(parsing: nested(200_000)) }
        #expect(throws: JSONError.tooDeep) {
            try JSONValue(parsing: Array(String(repeating: #"{"a":"#, count: 40).utf8))
        }
        // Brackets inside strings do not count, escaped quotes do not end them.
        let quoted = "\"" + String(repeating: #"\"[{"#, count: 100) + "\""
        #expect(try parse(quoted).string?.count == 300)
    }

    @Test("size is limited")
    func size() throws {
        let text = Array("\"\(String(repeating: "x", count: 100))\"".utf8)
        _ = try JSONValue(parsing: text.span, limits: JSONLimits(bytes: 102))
        #expect(throws: JSONError.tooLarge) { try JSONValue(parsing: text.span, limits: JSONLimits(bytes: 101)) }
        #expect(throws: JSONError.tooLarge) { try JSONValue(parsing: [UInt8](repeating: 32, count: 1 << 20 + 1)) }
    }

    @Test("the writer escapes and keeps the order")
    func writer() {
        let value: JSONValue = [
            "z": "a\"b\\c\u{1}\u{8}\t\n\u{C}\r\u{1F}\u{7F}é\u{2028}", "a": [1, -1, 2.5, true, .null, [:], []],
        ]
        #expect(
            value.text
                == "{\"z\":\"a\\\"b\\\\c\\u0001\\b\\t\\n\\f\\r\\u001f\u{7F}é\u{2028}\",\"a\":[1,-1,2.5,true,null,{},[]]}"
        )
        #expect(JSONValue.number(.nan).text == "null")
        #expect(JSONValue.number(.infinity).text == "null")
    }

    @Test("what is written is read again", arguments: [1e300, -2.5e-308, 0.1, 1e16, 123456789.125, -0.0])
    func roundTrip(_ number: Double) throws {
        let value: JSONValue = ["n": .number(number), "s": "\u{1F}/</script>", "i": .integer(.min)]
        #expect(try JSONValue(parsing: value.encoded) == value)
    }

    @Test("objects keep order, replace in place and remove")
    func object() {
        var object: JSONObject = ["b": 1, "a": 2]
        object["b"] = 3
        object["c"] = .null
        #expect(object.names == ["b", "a", "c"])
        #expect(object["b"] == 3)
        #expect(object.contains("c"))
        object["a"] = nil
        #expect(object.names == ["b", "c"])
        object["nothing"] = nil
        #expect(object == ["c": .null, "b": 3])
        #expect(object != ["b": 3])
        #expect(JSONObject([("x", 1), ("x", 2)]).text == #"{"x":2}"#)
        #expect(object.merging(["b": 9, "d": 1]).text == #"{"b":9,"c":null,"d":1}"#)
    }

    @Test("large objects are searched by hash and stay right")
    func largeObject() throws {
        var object = JSONObject()
        for index in 0..<500 { object["k\(index)"] = .integer(Int64(index)) }
        for index in 0..<500 { #expect(object["k\(index)"] == .integer(Int64(index))) }
        for index in stride(from: 0, to: 500, by: 2) { object["k\(index)"] = nil }
        #expect(object.count == 250)
        #expect(object["k1"] == 1)
        #expect(object["k2"] == nil)
        object["k1"] = nil
        object["k1"] = 5
        #expect(object.names.last == "k1")
        #expect(try JSONValue(parsing: object.encoded).object == object)
    }

    @Test("names that differ only in normalization stay apart, as bytes do")
    func normalization() throws {
        // "é" composed and decomposed: equal as Swift strings, different members in JSON (RFC 8259, section 8.3).
        let object = try #require(try parse("{\"\u{E9}\":1,\"e\u{301}\":2}").object)
        #expect(object.count == 2)
        #expect(object["\u{E9}"] == 1 && object["e\u{301}"] == 2)
        // KELVIN SIGN is canonically equivalent to K.
        #expect("\u{212A}" == "K")
        #expect(try parse("{\"\u{212A}\":1}")["K"] == nil)
        #expect(JSONValue.string("\u{212A}") != "K")
        var many = JSONObject()
        for index in 0..<40 { many["K\(index)"] = 1 }
        #expect(many["\u{212A}7"] == nil && many["K7"] == 1)
    }
}
