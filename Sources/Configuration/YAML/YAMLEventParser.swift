private import CYAML

/// A step of a YAML text (YAML 1.2.2, section 3.1, the serialization's events).
enum YAMLEvent {
    case streamStart, documentStart, documentEnd, streamEnd
    case alias
    case scalar(YAMLScalar, YAMLProperties)
    case sequenceStart(YAMLProperties)
    case sequenceEnd
    case mappingStart(YAMLProperties)
    case mappingEnd
}

/// What may stand before a value in YAML and is refused here.
struct YAMLProperties: OptionSet {
    let rawValue: Int
    static let anchor = YAMLProperties(rawValue: 1)
    static let tag = YAMLProperties(rawValue: 2)
}

/// The door to libyaml: text in, events with their places out.
@safe
struct YAMLEventParser: ~Copyable {
    // libyaml keeps a pointer to its own parser and to the text: both need a fixed address.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let text: UnsafeMutableBufferPointer<UInt8>

    init(_ bytes: [UInt8]) {
        unsafe parser = .allocate(capacity: 1)
        unsafe parser.initialize(to: yaml_parser_t())
        unsafe text = .allocate(capacity: bytes.count)
        _ = unsafe text.initialize(fromContentsOf: bytes)
        // It fails for want of memory alone, of which Swift itself ends a process.
        guard unsafe yaml_parser_initialize(parser) == 1 else { fatalError("out of memory") }
        // Said beforehand, so that no byte-order mark can choose another encoding.
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, text.baseAddress, text.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe text.deallocate()
    }

    /// The next event and where it begins.
    mutating func next() throws(YAMLFault) -> (event: YAMLEvent, mark: YAMLMark) {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw fault() }
        defer { unsafe yaml_event_delete(&event) }
        let mark = unsafe YAMLMark(event.start_mark)
        switch unsafe event.type {
        case YAML_STREAM_START_EVENT: return (.streamStart, mark)
        case YAML_STREAM_END_EVENT: return (.streamEnd, mark)
        case YAML_DOCUMENT_START_EVENT: return (.documentStart, mark)
        case YAML_DOCUMENT_END_EVENT: return (.documentEnd, mark)
        case YAML_ALIAS_EVENT: return (.alias, mark)
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            guard let value = unsafe String(validating: bytes, as: UTF8.self) else {
                throw YAMLFault(mark: mark, message: "this is not UTF-8 text")
            }
            let isPlain = unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE
            let properties = unsafe YAMLProperties(anchor: scalar.anchor, tag: scalar.tag)
            return (.scalar(YAMLScalar(text: value, isPlain: isPlain), properties), mark)
        case YAML_SEQUENCE_START_EVENT:
            let start = unsafe event.data.sequence_start
            return unsafe (.sequenceStart(YAMLProperties(anchor: start.anchor, tag: start.tag)), mark)
        case YAML_SEQUENCE_END_EVENT: return (.sequenceEnd, mark)
        case YAML_MAPPING_START_EVENT:
            let start = unsafe event.data.mapping_start
            return unsafe (.mappingStart(YAMLProperties(anchor: start.anchor, tag: start.tag)), mark)
        case YAML_MAPPING_END_EVENT: return (.mappingEnd, mark)
        default: throw YAMLFault(mark: mark, message: "the text ends early")
        }
    }

    /// What libyaml has to say about the text.
    private func fault() -> YAMLFault {
        let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "cannot be read"
        if unsafe parser.pointee.error == YAML_READER_ERROR {
            let place = unsafe YAMLMark(ofByte: parser.pointee.problem_offset, in: Array(text))
            return YAMLFault(mark: place, message: "this is not text: \(problem)")
        }
        let mark = unsafe YAMLMark(parser.pointee.problem_mark)
        var message = "this is not YAML: \(problem)"
        let begin = unsafe parser.pointee.context_mark.line + 1
        if let context = unsafe parser.pointee.context.map({ unsafe String(cString: $0) }), begin != mark.line {
            message += ", \(context) that begins on line \(begin)"
        }
        return YAMLFault(mark: mark, message: message, hint: hint(at: mark))
    }

    /// For the mistakes that everybody makes once.
    private func hint(at mark: YAMLMark) -> String? {
        guard let line = lines.dropFirst(mark.line - 1).first else { return nil }
        let indent = line.prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        if indent.contains(UInt8(ascii: "\t")) { return "indent with spaces, YAML takes no tabs" }
        switch line.dropFirst(mark.column - 1).first {
        case UInt8(ascii: "@"), UInt8(ascii: "`"), UInt8(ascii: "%"): return "put the value in quotes"
        case UInt8(ascii: ":") where line.dropFirst(mark.column).first == UInt8(ascii: " "):
            return "a value with \": \" in it needs quotes"
        default: return nil
        }
    }

    private var lines: [ArraySlice<UInt8>] {
        unsafe Array(text).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    }
}

extension YAMLMark {
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: mark.line + 1, column: mark.column + 1)
    }
}

extension YAMLProperties {
    @unsafe fileprivate init(anchor: UnsafeMutablePointer<yaml_char_t>?, tag: UnsafeMutablePointer<yaml_char_t>?) {
        self = []
        if unsafe anchor != nil { insert(.anchor) }
        if unsafe tag != nil { insert(.tag) }
    }
}
