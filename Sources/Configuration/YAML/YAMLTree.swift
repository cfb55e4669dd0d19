/// A YAML text read into a strict tree, with everything that is wrong with it.
struct YAMLTree {
    /// How large a text may be: room for tens of thousands of routes.
    static let byteLimit = 8 << 20
    /// How deep blocks may lie in one another.
    static let depthLimit = 24

    /// The only document's root; nil when there is none or the text could not be read to its end.
    private(set) var root: YAMLNode?
    private(set) var faults: [YAMLFault] = []

    init(_ bytes: [UInt8]) {
        if bytes.count > YAMLTree.byteLimit {
            faults.append(YAMLFault(mark: .start, message: "the file is larger than \(YAMLTree.byteLimit >> 20) MiB"))
            return
        }
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            let mark = YAMLMark(ofByte: error.byteOffsets.lowerBound, in: bytes)
            faults.append(YAMLFault(mark: mark, message: "this is not UTF-8 text"))
            return
        }
        // The mark is no part of the text, and would count as a column of the first line: its keys would seem indented.
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        var builder = Builder(bytes.starts(with: mark) ? Array(bytes.dropFirst(mark.count)) : bytes)
        do throws(YAMLFault) {
            root = try builder.document()
        } catch {
            builder.faults.append(error)
        }
        faults = builder.faults
    }

    /// Builds nodes from events; what can be passed over is noted, so that one reading finds all of it.
    private struct Builder: ~Copyable {
        private var parser: YAMLEventParser
        var faults: [YAMLFault] = []

        init(_ bytes: [UInt8]) { parser = YAMLEventParser(bytes) }

        mutating func document() throws(YAMLFault) -> YAMLNode? {
            _ = try parser.next()
            guard case (.documentStart, _) = try parser.next() else { return nil }
            let root = try node(depth: 0)
            _ = try parser.next()
            let (event, mark) = try parser.next()
            if case .streamEnd = event { return root }
            faults.append(
                YAMLFault(mark: mark, message: "a second document begins here", hint: "one file holds one document"))
            return root
        }

        private mutating func node(depth: Int) throws(YAMLFault) -> YAMLNode {
            let (event, mark) = try parser.next()
            return try node(event, mark, depth)
        }

        private mutating func node(
            _ event: YAMLEvent, _ mark: YAMLMark, _ depth: Int
        ) throws(YAMLFault) -> YAMLNode {
            if depth > YAMLTree.depthLimit {
                throw YAMLFault(mark: mark, message: "blocks lie more than \(YAMLTree.depthLimit) deep in one another")
            }
            switch event {
            case .scalar(let scalar, let properties):
                refuse(properties, mark)
                return YAMLNode(content: .scalar(scalar), mark: mark)
            case .sequenceStart(let properties):
                refuse(properties, mark)
                return YAMLNode(content: .sequence(try sequence(depth)), mark: mark)
            case .mappingStart(let properties):
                refuse(properties, mark)
                return YAMLNode(content: .mapping(try mapping(depth)), mark: mark)
            default:
                faults.append(
                    YAMLFault(mark: mark, message: "aliases are not taken", hint: "write the value out"))
                return YAMLNode(content: .scalar(YAMLScalar(text: "", isPlain: true)), mark: mark)
            }
        }

        private mutating func sequence(_ depth: Int) throws(YAMLFault) -> [YAMLNode] {
            var nodes: [YAMLNode] = []
            while true {
                let (event, mark) = try parser.next()
                if case .sequenceEnd = event { return nodes }
                nodes.append(try node(event, mark, depth + 1))
            }
        }

        private mutating func mapping(_ depth: Int) throws(YAMLFault) -> [YAMLEntry] {
            var entries: [YAMLEntry] = []
            var seen: [String: YAMLMark] = [:]
            while true {
                let (event, mark) = try parser.next()
                if case .mappingEnd = event { return entries }
                let key = try node(event, mark, depth + 1)
                let value = try node(depth: depth + 1)
                guard case .scalar(let scalar) = key.content, !scalar.text.isEmpty else {
                    faults.append(YAMLFault(mark: mark, message: "a key is a word"))
                    continue
                }
                if scalar.isPlain && scalar.text == "<<" {
                    faults.append(
                        YAMLFault(mark: mark, message: "merge keys are not taken", hint: "write the keys out"))
                } else if let first = seen[scalar.text] {
                    // Two readers of the same file could otherwise see two configurations.
                    let message = "\(Quoted(scalar.text)) stands here twice, first on line \(first.line)"
                    faults.append(YAMLFault(mark: mark, message: message))
                } else {
                    seen[scalar.text] = mark
                    entries.append(YAMLEntry(key: scalar.text, mark: mark, value: value))
                }
            }
        }

        private mutating func refuse(_ properties: YAMLProperties, _ mark: YAMLMark) {
            if properties.contains(.anchor) {
                faults.append(YAMLFault(mark: mark, message: "anchors are not taken", hint: "write the value out"))
            }
            if properties.contains(.tag) {
                faults.append(
                    YAMLFault(mark: mark, message: "tags are not taken", hint: "put a value that is text in quotes"))
            }
        }
    }
}
