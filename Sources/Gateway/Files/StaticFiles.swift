import Bytes
import Formats
package import HTTP
package import Routing
package import Sockets
package import Time

/// The files of a route: what a single-page application needs, and nothing that was not meant to be seen.
///
/// Names are resolved by the kernel beneath the root, which is opened once: no `..`, no absolute link, no race leads out of
/// it. Directories are not listed; only regular files are served.
package final class StaticFiles: Sendable {
    /// The methods that files know.
    package static let allow = "GET, HEAD"

    private let root: BeneathRoot
    private let fallback: String?
    private let cache: FileCachePolicy
    private let ruleLines: [UInt8]
    private let replaced: KnownFieldSet
    /// Bytes of the canonical path that do not belong to the name.
    private let stripped: Int

    private static let index = "index.html"

    /// - Throws: what the system says about the root.
    package init(
        _ settings: FilesSettings, of route: RouteSettings, responses: ResponseHeaderRules
    ) throws(SystemError) {
        root = try BeneathRoot(settings.root)
        fallback = settings.fallback
        cache = FileCachePolicy(settings.cache, isPublic: route.access == .public)
        ruleLines = responses.lines
        var replaced = KnownFieldSet()
        for field in Self.optional {
            let name = "\(field.name)"
            if responses.removes(name.utf8Span.span) { replaced.insert(field) }
        }
        self.replaced = replaced
        stripped = route.stripsPrefix ? route.path.canonical.count : 0
    }

    /// Answers a request.
    ///
    /// - Parameters:
    ///   - path: the canonical path on which the route was chosen.
    ///   - fields: where the answer's header fields go, the route's own included; `Content-Length` is left to the framing.
    /// - Throws: what keeps a file that is there from being opened: 503.
    package func respond(
        to head: RequestHead, path: Span<UInt8>, evidence: RequestEvidence, now: Timestamp, into fields: inout Fields
    ) throws(SystemError) -> FileOutcome {
        guard head.method == .get || head.method == .head else { return .methodNotAllowed }
        if let name = FileName(path: path.extracting(min(stripped, path.count)..<path.count)) {
            if name.isDirectory {
                let index = name.text.isEmpty ? Self.index : "\(name.text)/\(Self.index)"
                if let file = try regular(index) { return .answer(try serve(index, file, head, now, &fields)) }
            } else if let file = try open(name.text) {
                if file.kind == .regular { return .answer(try serve(name.text, file, head, now, &fields)) }
                if file.kind == .directory, try regular("\(name.text)/\(Self.index)") != nil {
                    return .answer(redirect(toDirectory: path, head, &fields))
                }
            }
            if let fallback, isPage(name, evidence), let file = try regular(fallback) {
                return .answer(try serve(fallback, file, head, now, &fields))
            }
        }
        return .notFound
    }

    /// The application's own addresses: what people navigate to, and names without an ending that no script asks for.
    ///
    /// A script that asks for an address without a file learns that there is none, instead of getting a page.
    private func isPage(_ name: FileName, _ evidence: RequestEvidence) -> Bool {
        evidence.isNavigation || !name.hasEnding && (!evidence.hasFetchMetadata || evidence.acceptsHTML)
    }

    // MARK: Opening

    /// The file of that name; nil when there is none that may be seen.
    private func open(_ name: String) throws(SystemError) -> OpenFile? {
        do throws(SystemError) {
            return try root.open(name)
        } catch {
            if error.isExhaustion { throw error }
            return nil
        }
    }

    private func regular(_ name: String) throws(SystemError) -> OpenFile? {
        guard let file = try open(name), file.kind == .regular else { return nil }
        return file
    }

    /// The file itself, or its copy that was compressed ahead, where the client takes it and it is no older.
    private func variant(
        of file: consuming OpenFile, _ name: String, _ head: RequestHead
    ) throws(SystemError) -> FileVariant {
        let accepted = AcceptEncoding(head.fields)
        let oldest = file.modified - .seconds(2)
        if accepted.brotli > 0, accepted.brotli >= accepted.gzip, let copy = try regular(name + ".br"),
            copy.modified >= oldest
        {
            return FileVariant(file: copy, coding: "br", tagSuffix: "-br")
        }
        if accepted.gzip > 0, let copy = try regular(name + ".gz"), copy.modified >= oldest {
            return FileVariant(file: copy, coding: "gzip", tagSuffix: "-gz")
        }
        return FileVariant(file: file)
    }

    // MARK: Answering

    private func serve(
        _ name: String, _ original: consuming OpenFile, _ head: RequestHead, _ now: Timestamp, _ fields: inout Fields
    ) throws(SystemError) -> FileAnswer {
        let type = FileType.of(name[...])
        let variant = type.isCompressible ? try variant(of: original, name, head) : FileVariant(file: original)
        let size = variant.file.size
        let validators = FileValidators(of: variant.file, suffix: variant.tagSuffix, now: now)
        add(.cacheControl, cache.value(for: name), &fields)
        add(.etag, "\"\(validators.tag)\"", &fields)
        if let modified = validators.modified { add(.lastModified, HTTPDate.string(modified), &fields) }
        if type.isCompressible { add(.vary, "Accept-Encoding", &fields) }
        finish(&fields)

        switch validators.verdict(on: head.fields) {
        case .proceed: break
        case .notModified: return FileAnswer(status: 304, framing: .none)
        case .failed: return FileAnswer(status: 412, framing: .length(0))
        }
        var range = 0..<size
        var status = 200
        if head.method == .get, let wanted = head.fields.value(of: .range),
            validators.allowsRange(head.fields, now: now)
        {
            switch ByteRange(wanted, size: size) {
            case .whole: break
            case .part(let part):
                range = part
                status = 206
                add(.contentRange, "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(size)", &fields)
            case .unsatisfiable:
                add(.contentRange, "bytes */\(size)", &fields)
                return FileAnswer(status: 416, framing: .length(0))
            }
        }
        add(.contentType, "\(type.name)", &fields)
        add(.acceptRanges, "bytes", &fields)
        if let coding = variant.coding { fields.append(.contentEncoding, text: coding) }
        let framing = ResponseFraming.length(range.count)
        if head.method == .head || range.isEmpty { return FileAnswer(status: status, framing: framing) }
        return FileAnswer(status: status, framing: framing, file: variant.file, range: range)
    }

    /// Adds the slash without which the links of a directory's page lead elsewhere.
    private func redirect(toDirectory path: Span<UInt8>, _ head: RequestHead, _ fields: inout Fields) -> FileAnswer {
        fields.begin(.location)
        // The canonical path begins with exactly one slash, so this leads to nobody else.
        fields.extend(path)
        fields.extend("/")
        if let query = head.query {
            fields.extend("?")
            fields.extend(query)
        }
        fields.end()
        add(.cacheControl, cache.value(for: ""), &fields)
        finish(&fields)
        return FileAnswer(status: 302, framing: .length(0))
    }

    /// Adds a field of ours, unless the route's rules replace or remove it.
    private func add(_ field: KnownField, _ value: String, _ fields: inout Fields) {
        if !replaced.contains(field) { fields.append(field, utf8: value) }
    }

    private func finish(_ fields: inout Fields) {
        add(.xContentTypeOptions, "nosniff", &fields)
        let lines = ruleLines
        fields.appendRaw(lines: lines.span)
    }

    /// The fields that a route's rules may do away with.
    private static let optional: [KnownField] = [
        .cacheControl, .etag, .lastModified, .vary, .contentType, .acceptRanges, .xContentTypeOptions,
    ]
}

/// An open file, and how its bytes are coded.
private struct FileVariant: ~Copyable {
    let file: OpenFile
    var coding: StaticString?
    var tagSuffix: StaticString = ""

    init(file: consuming OpenFile, coding: StaticString? = nil, tagSuffix: StaticString = "") {
        self.file = file
        self.coding = coding
        self.tagSuffix = tagSuffix
    }
}
