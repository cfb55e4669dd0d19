/// One message of HTTP/1.1 in the one form that every reader takes for the same, read by the plainest means.
///
/// It shares no line with the engines: what they let through is judged by somebody else. Bytes are Latin-1 characters here.
package struct StrictMessage: Equatable, Sendable {
    /// What another reader might take for something else.
    package struct Ambiguous: Error, CustomStringConvertible {
        package let description: String
    }

    /// The words of the first line: method, target and version, or version, status and reason.
    package var line: [String]
    package var fields: [[String]] = []
    package var body: [UInt8] = []
    package var trailers: [[String]] = []

    package var status: Int { Int(line[1]) ?? 0 }

    package func values(_ name: String) -> [String] { fields.filter { $0[0].lowercased() == name }.map { $0[1] } }

    /// The request at the beginning of `bytes` and how many bytes it is; nil while it is not whole.
    package static func request(_ bytes: [UInt8]) throws -> (message: StrictMessage, count: Int)? {
        var reader = Reader(bytes: bytes)
        guard let first = try reader.line() else { return nil }
        let words = first.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard words.count == 3, isToken(words[0]), words[2] == "HTTP/1.1",
            words[1].hasPrefix("/") || (words[1] == "*" && words[0] == "OPTIONS"),
            words[1].unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value < 0x7F && $0 != "#" })
        else { throw Ambiguous(description: "request line: \(first)") }
        guard var message = try reader.head(words) else { return nil }
        guard message.values("host").count == 1, message.values("host") != [""] else {
            throw Ambiguous(description: "Host: \(message.values("host"))")
        }
        guard !message.fields.contains(where: { $0[0].contains("_") }) else {
            throw Ambiguous(description: "a name with an underscore")
        }
        guard try reader.body(of: &message) else { return nil }
        return (message, reader.at)
    }

    /// The response at the beginning of `bytes`, interim ones included one by one; nil while it is not whole.
    package static func response(
        _ bytes: [UInt8], to method: String = "GET"
    ) throws -> (message: StrictMessage, count: Int)? {
        var reader = Reader(bytes: bytes)
        guard let first = try reader.line() else { return nil }
        let words = first.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard words.count == 3, words[0] == "HTTP/1.1", words[1].count == 3, let status = Int(words[1]),
            (100...599).contains(status)
        else { throw Ambiguous(description: "status line: \(first)") }
        guard var message = try reader.head(words) else { return nil }
        let announced = message.values("content-length") + message.values("transfer-encoding")
        if status < 200 || status == 204 {
            guard announced.isEmpty else { throw Ambiguous(description: "a body for \(status)") }
            return (message, reader.at)
        }
        if method == "HEAD" || status == 304 { return (message, reader.at) }
        guard !announced.isEmpty else { throw Ambiguous(description: "a body that ends with its connection") }
        guard try reader.body(of: &message) else { return nil }
        return (message, reader.at)
    }

    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.unicodeScalars.allSatisfy {
                $0.isASCII
                    && ($0.properties.isAlphabetic || ("0"..."9").contains($0)
                        || "!#$%&'*+-.^_`|~".contains(Character($0)))
            }
    }

    private struct Reader {
        let bytes: [UInt8]
        var at = 0

        /// The next line without its end; nil while it is not whole.
        mutating func line() throws -> String? {
            guard let end = bytes[at...].firstIndex(of: 10) else { return nil }
            guard end > at, bytes[end - 1] == 13 else { throw Ambiguous(description: "a bare LF at \(end)") }
            let text = bytes[at..<(end - 1)]
            guard text.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 9 }) else {
                throw Ambiguous(description: "a control character before \(end)")
            }
            at = end + 1
            return String(String.UnicodeScalarView(text.map { Unicode.Scalar($0) }))
        }

        /// Field lines up to the empty one: `name: value`, no blank too many.
        mutating func fields() throws -> [[String]]? {
            var found: [[String]] = []
            while let line = try line() {
                if line.isEmpty { return found }
                guard let colon = line.firstIndex(of: ":"), isToken(String(line[..<colon])) else {
                    throw Ambiguous(description: "field line: \(line)")
                }
                let rest = line[line.index(after: colon)...]
                let value = String(rest.dropFirst())
                guard rest.hasPrefix(" "), value.trimmingBlanks == value else {
                    throw Ambiguous(description: "field line: \(line)")
                }
                found.append([String(line[..<colon]), value])
            }
            return nil
        }

        mutating func head(_ words: [String]) throws -> StrictMessage? {
            guard let fields = try fields() else { return nil }
            return StrictMessage(line: words, fields: fields)
        }

        /// Reads the body as its head announces it; false while it is not whole.
        mutating func body(of message: inout StrictMessage) throws -> Bool {
            let (lengths, codings) = (message.values("content-length"), message.values("transfer-encoding"))
            guard lengths.count + codings.count <= 1 else { throw Ambiguous(description: "two framings") }
            if let text = lengths.first {
                guard let length = Int(text), "\(length)" == text, length >= 0 else {
                    throw Ambiguous(description: "Content-Length: \(text)")
                }
                return take(length, into: &message.body)
            }
            guard let coding = codings.first else { return true }
            guard coding == "chunked" else { throw Ambiguous(description: "Transfer-Encoding: \(coding)") }
            while let text = try line() {
                guard let size = Int(text, radix: 16), String(size, radix: 16) == text.lowercased() else {
                    throw Ambiguous(description: "chunk size: \(text)")
                }
                if size == 0 {
                    guard let trailers = try fields() else { return false }
                    message.trailers = trailers
                    return true
                }
                guard take(size, into: &message.body) else { return false }
                guard let end = try line() else { return false }
                guard end.isEmpty else { throw Ambiguous(description: "behind a chunk: \(end)") }
            }
            return false
        }

        private mutating func take(_ count: Int, into body: inout [UInt8]) -> Bool {
            guard bytes.count - at >= count else { return false }
            body += bytes[at..<(at + count)]
            at += count
            return true
        }
    }
}

extension String {
    fileprivate var trimmingBlanks: String {
        let front = drop { $0 == " " || $0 == "\t" }
        return String(front.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}
