import Bytes
import Foundation
import HTTP
import Routing
import Sockets
import Testing
import Time

@testable import Gateway

@Suite struct StaticFilesTests {
    private static let navigation = [
        ("Sec-Fetch-Site", "none"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document"),
        ("Accept", "text/html"),
    ]
    private static let fetch = [
        ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Dest", "empty"), ("Accept", "*/*"),
    ]

    private func application() throws -> Folder {
        let folder = try Folder()
        try folder.write("index.html", "<p>app</p>")
        try folder.write("assets/app-1a2b.js", "run()")
        try folder.write("assets/style.css", "p{}")
        try folder.write("docs/index.html", "docs")
        try folder.write("empty/note.txt", "")
        try folder.write("a b/caf\u{E9}.txt", "hello")
        try folder.write("100%.txt", "percent")
        return folder
    }

    @Test("a file is answered with its type, its validators and nosniff")
    func file() throws {
        let reply = try application().served().get("/assets/style.css")
        #expect(reply.status == 200)
        #expect(reply.body == "p{}")
        #expect(reply.length == 3)
        #expect(reply.fields["Content-Type"] == "text/css; charset=utf-8")
        #expect(reply.fields["X-Content-Type-Options"] == "nosniff")
        #expect(reply.fields["Cache-Control"] == "no-cache")
        #expect(reply.fields["Last-Modified"] == "Tue, 14 Nov 2023 22:13:20 GMT")
        #expect(reply.fields["Accept-Ranges"] == "bytes")
        #expect(reply.fields["Vary"] == "Accept-Encoding")
        #expect(reply.fields["ETag"]?.hasPrefix("\"") == true)
    }

    @Test("directories are their index or nothing; without their slash they are a redirect")
    func directories() throws {
        let files = try application().served()
        #expect(try files.get("/").body == "<p>app</p>")
        #expect(try files.get("/docs/").body == "docs")
        let redirect = try files.get("/docs?x=1&y=2")
        #expect(redirect.status == 302)
        #expect(redirect.fields["Location"] == "/docs/?x=1&y=2")
        #expect(try files.get("/assets").status == 404)
        #expect(try files.get("/assets/").status == 404)
        #expect(try files.get("/empty/note.txt").status == 200)
        #expect(try files.get("/docs/index.html/").status == 404)
    }

    @Test("names are decoded once, and what names no file is not found")
    func names() throws {
        let files = try application().served(fallback: "index.html")
        #expect(try files.get("/a%20b/caf%C3%A9.txt").body == "hello")
        #expect(try files.get("/100%25.txt").body == "percent")
        for path in ["/assets%2Fstyle.css", "/assets//style.css", "/a%00b", "/%FF", "/assets/style.css/"] {
            #expect(try files.get(path, Self.fetch).status == 404, "\(path)")
        }
        #expect(try files.get("/" + String(repeating: "x", count: 300) + ".js").status == 404)
    }

    @Test("an application's own addresses get its page; a script that asks for what is not there learns so")
    func fallback() throws {
        let files = try application().served(fallback: "index.html")
        let rows: [(String, [(String, String)], Int)] = [
            ("/orders/42", Self.navigation, 200), ("/users/john.doe", Self.navigation, 200),
            ("/orders/", Self.navigation, 200),
            ("/orders/42", [], 200), ("/orders/42", [("Accept", "*/*")], 200), ("/orders/42", Self.fetch, 404),
            ("/assets/gone.js", [], 404), ("/assets/gone.js", Self.fetch, 404), ("/assets", Self.navigation, 200),
            ("/.git/config", Self.navigation, 404), ("/.env", Self.navigation, 404),
        ]
        for (path, fields, status) in rows {
            let reply = try files.get(path, fields)
            #expect(reply.status == status, "\(path)")
            if status == 200 {
                #expect(reply.body == "<p>app</p>")
                #expect(reply.fields["Cache-Control"] == "no-cache")
                #expect(reply.fields["Content-Type"] == "text/html; charset=utf-8")
            }
        }
        #expect(try application().served().get("/orders/42", Self.navigation).status == 404)
        #expect(try application().served(fallback: "missing.html").get("/orders/42", Self.navigation).status == 404)
    }

    @Test("names that begin with a dot are nobody's business, except .well-known")
    func dotFiles() throws {
        let folder = try application()
        try folder.write(".env", "SECRET=1")
        try folder.write(".git/config", "x")
        try folder.write("assets/.htpasswd", "x")
        try folder.write(".well-known/security.txt", "Contact: x")
        try folder.write(".well-known/.hidden", "x")
        let files = try folder.served()
        for path in ["/.env", "/.git/config", "/.git/", "/assets/.htpasswd", "/.well-known/.hidden"] {
            #expect(try files.get(path).status == 404, "\(path)")
        }
        #expect(try files.get("/.well-known/security.txt").body == "Contact: x")
    }

    @Test("nothing outside the root is reached, whatever links say")
    func links() throws {
        let outside = try Folder()
        try outside.write("secret.txt", "secret")
        let folder = try application()
        try folder.link("out.txt", to: outside.root.appending(path: "secret.txt").path)
        try folder.link("up.txt", to: "../\(outside.root.lastPathComponent)/secret.txt")
        try folder.link("outside", to: "../\(outside.root.lastPathComponent)")
        try folder.link("absolute.css", to: folder.root.appending(path: "assets/style.css").path)
        try folder.link("null", to: "/dev/null")
        try folder.link("self", to: "/proc/self/environ")
        try folder.link("loop", to: "loop")
        try folder.link("inside.css", to: "assets/style.css")
        let files = try folder.served()
        for path in ["/out.txt", "/up.txt", "/outside/secret.txt", "/absolute.css", "/null", "/self", "/loop"] {
            #expect(try files.get(path).status == 404, "\(path)")
        }
        #expect(try files.get("/inside.css").body == "p{}")
    }

    @Test("only regular files are served, and a FIFO keeps nobody waiting")
    func specialFiles() throws {
        let folder = try application()
        #expect(mkfifo(folder.root.appending(path: "pipe").path, 0o600) == 0)
        #expect(try folder.served().get("/pipe").status == 404)
    }

    @Test("files know GET and HEAD")
    func methods() throws {
        let files = try application().served(fallback: "index.html")
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "get"] {
            #expect(try files.get("/", method: method).status == 405)
        }
        let whole = try files.get("/assets/style.css")
        let head = try files.get("/assets/style.css", method: "HEAD")
        #expect(head.status == 200 && head.body.isEmpty)
        #expect(head.length == 3)
        #expect(head.fields == whole.fields)
    }

    @Test("conditions are met in the order of RFC 9110, section 13.2.2")
    func conditions() throws {
        let files = try application().served()
        let tag = try #require(try files.get("/assets/style.css").fields["ETag"])
        let date = "Tue, 14 Nov 2023 22:13:20 GMT"
        let earlier = "Tue, 14 Nov 2023 22:13:19 GMT"
        let rows: [([(String, String)], Int)] = [
            ([("If-None-Match", tag)], 304), ([("If-None-Match", "W/\(tag)")], 304),
            ([("If-None-Match", "\"x\", \(tag)")], 304),
            ([("If-None-Match", "*")], 304), ([("If-None-Match", "\"x\"")], 200), ([("If-None-Match", "x")], 200),
            ([("If-Modified-Since", date)], 304), ([("If-Modified-Since", earlier)], 200),
            ([("If-Modified-Since", "soon")], 200),
            ([("If-None-Match", "\"x\""), ("If-Modified-Since", date)], 200), ([("If-Match", tag)], 200),
            ([("If-Match", "*")], 200), ([("If-Match", "\"x\"")], 412), ([("If-Match", "W/\(tag)")], 412),
            ([("If-Unmodified-Since", date)], 200), ([("If-Unmodified-Since", earlier)], 412),
            ([("If-Match", tag), ("If-None-Match", tag)], 304),
        ]
        for (fields, status) in rows {
            let reply = try files.get("/assets/style.css", fields)
            #expect(reply.status == status, "\(fields)")
            #expect(reply.fields["ETag"] == tag)
            if status == 304 {
                #expect(reply.length == nil && reply.body.isEmpty)
                #expect(reply.fields["Cache-Control"] == "no-cache" && reply.fields["Vary"] == "Accept-Encoding")
                #expect(reply.fields["Content-Type"] == nil)
            }
        }
    }

    @Test(
        "one range is answered in part, several and unreadable ones whole",
        arguments: [
            ("bytes=0-3", 206, "0123", "bytes 0-3/10"), ("bytes=5-", 206, "56789", "bytes 5-9/10"),
            ("bytes=-3", 206, "789", "bytes 7-9/10"), ("bytes=-99", 206, "0123456789", "bytes 0-9/10"),
            ("bytes=8-99", 206, "89", "bytes 8-9/10"), ("BYTES=0-0", 206, "0", "bytes 0-0/10"),
            ("bytes=9-9223372036854775807", 206, "9", "bytes 9-9/10"),
            ("bytes=9-99999999999999999999999", 206, "9", "bytes 9-9/10"),
            ("bytes=10-", 416, "", "bytes */10"), ("bytes=-0", 416, "", "bytes */10"),
            ("bytes=99999999999999999999-", 416, "", "bytes */10"), ("bytes=0-1,3-4", 200, "0123456789", nil),
            ("bytes=3-1", 200, "0123456789", nil), ("lines=0-1", 200, "0123456789", nil),
            ("bytes=a-b", 200, "0123456789", nil),
            ("bytes=-", 200, "0123456789", nil), ("bytes=", 200, "0123456789", nil),
            ("bytes=+1-2", 200, "0123456789", nil),
        ] as [(String, Int, String, String?)])
    func ranges(range: String, status: Int, body: String, contentRange: String?) throws {
        let folder = try Folder()
        try folder.write("ten.bin", "0123456789")
        let reply = try folder.served().get("/ten.bin", [("Range", range)])
        #expect(reply.status == status)
        #expect(reply.body == body)
        #expect(reply.length == body.utf8.count)
        #expect(reply.fields["Content-Range"] == contentRange)
        #expect(try folder.served().get("/ten.bin", [("Range", range)], method: "HEAD").status == 200)
    }

    @Test("a range of another version is no range")
    func conditionalRanges() throws {
        let folder = try Folder()
        try folder.write("ten.bin", "0123456789")
        let files = try folder.served()
        let tag = try #require(try files.get("/ten.bin").fields["ETag"])
        let rows = [
            (tag, 206), ("\"x\"", 200), ("W/\(tag)", 200), ("Tue, 14 Nov 2023 22:13:20 GMT", 206),
            ("Tue, 14 Nov 2023 22:13:21 GMT", 200), ("soon", 200),
        ]
        for (validator, status) in rows {
            let reply = try files.get("/ten.bin", [("Range", "bytes=0-1"), ("If-Range", validator)])
            #expect(reply.status == status, "\(validator)")
        }
        try folder.write("nothing.bin", "")
        #expect(try files.get("/nothing.bin", [("Range", "bytes=0-")]).status == 416)
        #expect(try files.get("/nothing.bin").length == 0)
    }

    @Test("copies compressed ahead go to who takes them, with a tag of their own")
    func compressedCopies() throws {
        let folder = try application()
        try folder.write("assets/app-1a2b.js.br", "BR")
        try folder.write("assets/app-1a2b.js.gz", "GZ")
        try folder.write("photo.png", "png")
        try folder.write("photo.png.gz", "GZ")
        let files = try folder.served()
        let rows: [(String?, String, String?)] = [
            (nil, "run()", nil), ("identity", "run()", nil), ("gzip, deflate, br", "BR", "br"), ("gzip", "GZ", "gzip"),
            ("br;q=0, gzip", "GZ", "gzip"), ("br;q=0.5, gzip;q=0.8", "GZ", "gzip"),
            ("gzip;q=0.5, br;q=0.50", "BR", "br"),
            ("*", "BR", "br"), ("*;q=0", "run()", nil), ("br;q=0, *", "GZ", "gzip"),
            ("gzip;q=0.0, br;q=0", "run()", nil),
            ("x-gzip", "GZ", "gzip"), ("br;q=oops", "run()", nil), ("", "run()", nil),
        ]
        var tags: Set<String> = []
        for (accepted, body, coding) in rows {
            let reply = try files.get("/assets/app-1a2b.js", accepted.map { [("Accept-Encoding", $0)] } ?? [])
            #expect(reply.body == body, "\(accepted ?? "-")")
            #expect(reply.fields["Content-Encoding"] == coding)
            #expect(reply.fields["Vary"] == "Accept-Encoding")
            #expect(reply.fields["Content-Type"] == "text/javascript; charset=utf-8")
            tags.insert(reply.fields["ETag"] ?? "")
        }
        #expect(tags.count == 3)
        let photo = try files.get("/photo.png", [("Accept-Encoding", "gzip")])
        #expect(photo.body == "png" && photo.fields["Vary"] == nil)
    }

    @Test("a copy that is older than its file is not used")
    func staleCopy() throws {
        let folder = try application()
        try folder.write("assets/style.css.gz", "OLD", at: Folder.written.addingTimeInterval(-60))
        #expect(try folder.served().get("/assets/style.css", [("Accept-Encoding", "gzip")]).body == "p{}")
    }

    @Test("how long browsers keep what: the longest prefix counts, and shared caches keep nothing protected")
    func caching() throws {
        let rules = [
            FilesSettings.CacheRule(prefix: "assets/", duration: .days(365)),
            FilesSettings.CacheRule(prefix: "/assets/style", duration: .hours(1)),
            FilesSettings.CacheRule(prefix: "docs/", duration: .zero),
        ]
        let folder = try application()
        let rows: [(AccessPolicy, String, String)] = [
            (.public, "/assets/app-1a2b.js", "public, max-age=31536000, immutable"),
            (.public, "/assets/style.css", "public, max-age=3600"),
            (.public, "/docs/", "public, no-cache"), (.public, "/", "no-cache"),
            (.authenticated, "/assets/app-1a2b.js", "private, max-age=31536000, immutable"),
            (.authenticated, "/", "private, no-cache"),
            (.optional, "/assets/style.css", "private, max-age=3600"),
        ]
        for (access, path, value) in rows {
            #expect(
                try folder.served(cache: rules, access: access).get(path).fields["Cache-Control"] == value, "\(path)")
        }
    }

    @Test("versions are told apart even where builds set every file to the same time")
    func reproducibleBuilds() throws {
        let folder = try Folder()
        try folder.write("a.css", "one", at: Date(timeIntervalSince1970: 1))
        let files = try folder.served()
        let first = try files.get("/a.css")
        #expect(first.fields["Last-Modified"] == nil)
        try folder.write("b.css", "two", at: Date(timeIntervalSince1970: 1))
        try FileManager.default.removeItem(at: folder.root.appending(path: "a.css"))
        try FileManager.default.moveItem(
            at: folder.root.appending(path: "b.css"), to: folder.root.appending(path: "a.css"))
        let second = try files.get("/a.css", [("If-None-Match", first.fields["ETag"] ?? "")])
        #expect(second.status == 200 && second.body == "two")
        try folder.write("c.css", "x", at: Date(timeIntervalSince1970: 1_900_000_000))
        #expect(try files.get("/c.css").fields["Last-Modified"] == nil)
    }

    @Test("a stripped prefix is no part of the name, another one is")
    func prefixes() throws {
        let folder = try application()
        #expect(try folder.served(at: "/app/", strips: true).get("/app/assets/style.css").body == "p{}")
        #expect(try folder.served(at: "/app/", strips: true).get("/app").body == "<p>app</p>")
        #expect(try folder.served(at: "/docs/").get("/docs/").body == "docs")
        #expect(try folder.served(at: "/app/").get("/app/assets/style.css").status == 404)
    }

    @Test("the route's own response fields replace ours")
    func responseRules() throws {
        let rules = HeaderRuleSettings(
            set: [.init(name: "Cache-Control", value: "max-age=5"), .init(name: "X-Extra", value: "1")],
            remove: ["ETag"])
        let folder = try application()
        let files = try folder.served(headers: rules)
        let head = try Folder.head("GET", "/", [])
        var fields = Fields()
        let path = Array("/".utf8)
        _ = try files.files.respond(
            to: head, path: path.span, evidence: RequestEvidence(), now: .init(seconds: 1_800_000_000), into: &fields)
        let lines = String(decoding: Array(fields.lines), as: UTF8.self)
        #expect(lines.contains("Cache-Control: max-age=5\r\n") && lines.contains("X-Extra: 1\r\n"))
        #expect(!lines.contains("no-cache") && !lines.contains("ETag"))
    }

    @Test("a root that is not there is a failure at start")
    func missingRoot() throws {
        let settings = FilesSettings(root: "/nonexistent/web")
        let route = RouteSettings(path: try PathPattern(prefix: "/"), target: .files(settings))
        #expect(throws: SystemError.self) {
            _ = try StaticFiles(settings, of: route, responses: ResponseHeaderRules(HeaderRuleSettings()))
        }
    }
}
