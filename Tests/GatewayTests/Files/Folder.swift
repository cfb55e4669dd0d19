import Bytes
import Formats
import Foundation
import HTTP
import Routing
import Sockets
import Testing
import Time

@testable import Gateway

/// A folder of files on disk, asked as a route asks it; gone with its last user.
final class Folder {
    let root: URL

    init() throws {
        root = FileManager.default.temporaryDirectory.appending(path: "files-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: root) }

    static let written = Date(timeIntervalSince1970: 1_700_000_000)

    func write(_ name: String, _ text: String, at date: Date = Folder.written) throws {
        let url = root.appending(path: name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
        try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: url.path)
    }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: root.appending(path: name).path, withDestinationPath: target)
    }

    func served(
        at path: String = "/", fallback: String? = nil, cache: [FilesSettings.CacheRule] = [],
        access: AccessPolicy = .public,
        strips: Bool = false, headers: HeaderRuleSettings = HeaderRuleSettings()
    ) throws -> ServedFolder {
        let settings = FilesSettings(root: root.path, fallback: fallback, cache: cache)
        var route = RouteSettings(path: try PathPattern(prefix: path), target: .files(settings))
        route.access = access
        route.stripsPrefix = strips
        let files = try StaticFiles(settings, of: route, responses: ResponseHeaderRules(headers))
        return ServedFolder(folder: self, files: files)
    }
}

/// What came back, with the body read.
struct FileReply: Equatable {
    var status: Int
    var fields: [String: String] = [:]
    var body = ""
    var length: Int?
}

/// A folder with the route that serves it; both stay as long as somebody asks.
struct ServedFolder {
    let folder: Folder
    let files: StaticFiles

    /// Asks for a canonical path.
    func get(
        _ target: String, _ fields: [(String, String)] = [], method: String = "GET",
        now: Timestamp = Timestamp(seconds: 1_800_000_000)
    ) throws -> FileReply {
        let path = String(target.prefix { $0 != "?" })
        let head = try Folder.head(method, target, fields)
        let site = try #require(URLParts("https://app.example.com").flatMap { Site($0) })
        let evidence = RequestEvidence(head, site: site)
        var written = Fields()
        let bytes = Array(path.utf8)
        defer { withExtendedLifetime(folder) {} }
        switch try files.respond(to: head, path: bytes.span, evidence: evidence, now: now, into: &written) {
        case .notFound: return FileReply(status: 404)
        case .methodNotAllowed: return FileReply(status: 405)
        case .answer(let answer):
            var reply = FileReply(status: answer.status)
            for index in 0..<written.count {
                let name = String(decoding: Array(written.name(index)), as: UTF8.self)
                #expect(reply.fields[name] == nil, "\(name) twice")
                reply.fields[name] = String(decoding: Array(written.value(index)), as: UTF8.self)
            }
            if case .length(let length) = answer.framing { reply.length = length }
            reply.body = try answer.body()
            return reply
        }
    }
}

extension FileAnswer {
    borrowing func body() throws -> String {
        var buffer = ByteBuffer()
        var at = 0
        while true {
            let count = try read(at: at, count: 4, into: &buffer)
            if count == 0 { break }
            at += count
        }
        #expect(at == bodyCount)
        return String(decoding: buffer.array, as: UTF8.self)
    }
}

extension Folder {
    static func head(_ method: String, _ target: String, _ fields: [(String, String)]) throws -> RequestHead {
        var text = "\(method) \(target) HTTP/1.1\r\nHost: app.example.com\r\n"
        for (name, value) in fields { text += "\(name): \(value)\r\n" }
        var engine = HTTP1ServerEngine(limits: HTTPLimits())
        let head = RequestHead()
        let bytes = Array((text + "\r\n").utf8)
        _ = try engine.receive(bytes.span, head: head)
        return head
    }
}
