internal import Bytes
private import CJansson

/// The door to jansson, text in and a value out.
///
/// No pointer of the library leaves this file.
enum JSONReader {
    static func read(_ bytes: Span<UInt8>, limits: JSONLimits) throws(JSONError) -> JSONValue {
        guard bytes.count <= limits.bytes else { throw .tooLarge }
        // NUL is never JSON, but jansson loses one that follows a number or a word: `[1` NUL `,2]` would pass.
        guard bytes.firstIndex(of: 0) == nil else { throw .malformed }
        // jansson recurses up to 2048 levels, more than the stack of a small thread holds: count before it begins.
        guard isShallow(bytes, depth: limits.depth) else { throw .tooDeep }
        let document = try Document(bytes)
        return document.value
    }

    /// False when more than `depth` brackets are open at once.
    ///
    /// What is not well-formed is the parser's to refuse.
    private static func isShallow(_ bytes: Span<UInt8>, depth: Int) -> Bool {
        var open = 0
        var inString = false
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                inString.toggle()
            case UInt8(ascii: "\\") where inString:
                index += 1
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                if !inString { open += 1 }
                if open > depth { return false }
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                if !inString { open -= 1 }
            default:
                break
            }
            index += 1
        }
        return true
    }
}

/// A parsed jansson tree, released with its owner.
@safe
private struct Document: ~Copyable {
    private let root: UnsafeMutablePointer<json_t>

    init(_ bytes: Span<UInt8>) throws(JSONError) {
        var error = json_error_t()
        let root = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe buffer.withMemoryRebound(to: CChar.self) { text in
                unsafe json_loadb(text.baseAddress, text.count, Int(JSON_REJECT_DUPLICATES | JSON_DECODE_ANY), &error)
            }
        }
        guard let root = unsafe root else { throw JSONError(error) }
        unsafe self.root = root
    }

    deinit { unsafe json_decref(root) }

    var value: JSONValue { unsafe Self.convert(root) }

    private static func convert(_ node: UnsafeMutablePointer<json_t>) -> JSONValue {
        switch unsafe node.pointee.type {
        case JSON_OBJECT: .object(unsafe members(of: node))
        case JSON_ARRAY: .array(unsafe elements(of: node))
        case JSON_STRING:
            .string(unsafe text(json_string_value(node), count: json_string_length(node)))
        case JSON_INTEGER: .integer(Int64(unsafe json_integer_value(node)))
        case JSON_REAL: .number(unsafe json_real_value(node))
        case JSON_TRUE: .bool(true)
        case JSON_FALSE: .bool(false)
        default: .null
        }
    }

    private static func elements(of node: UnsafeMutablePointer<json_t>) -> [JSONValue] {
        let count = unsafe json_array_size(node)
        var elements: [JSONValue] = []
        elements.reserveCapacity(count)
        for index in 0..<count {
            if let element = unsafe json_array_get(node, index) { elements.append(unsafe convert(element)) }
        }
        return elements
    }

    private static func members(of node: UnsafeMutablePointer<json_t>) -> JSONObject {
        var members = JSONObject()
        var iterator = unsafe json_object_iter(node)
        while let here = unsafe iterator {
            if let name = unsafe json_object_iter_key(here), let value = unsafe json_object_iter_value(here) {
                members[unsafe text(name, count: json_object_iter_key_len(here))] = unsafe convert(value)
            }
            unsafe iterator = json_object_iter_next(node, here)
        }
        return members
    }

    private static func text(_ start: UnsafePointer<CChar>?, count: Int) -> String {
        let buffer = unsafe UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count)
        return unsafe String(decoding: buffer, as: UTF8.self)
    }
}

extension JSONError {
    fileprivate init(_ error: json_error_t) {
        var error = error
        let code = unsafe UInt32(bitPattern: postern_json_error_code(&error))
        self =
            switch json_error_code(rawValue: code) {
            case json_error_invalid_utf8: .notUTF8
            case json_error_duplicate_key: .duplicateMember
            case json_error_numeric_overflow: .numberOutOfRange
            case json_error_null_character, json_error_null_byte_in_key: .nullCharacter
            case json_error_end_of_input_expected: .trailingData
            case json_error_premature_end_of_input: .incomplete
            case json_error_stack_overflow: .tooDeep
            default: .malformed
            }
    }
}
