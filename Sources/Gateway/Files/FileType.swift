/// What a file is, by the ending of its name.
struct FileType: Sendable, Equatable {
    /// The value of `Content-Type`.
    let name: StaticString
    /// Worth looking for a copy that was compressed ahead.
    let isCompressible: Bool

    static func == (a: FileType, b: FileType) -> Bool { a.name.description == b.name.description }

    /// The type of a file of that name; bytes without a meaning where the ending is unknown.
    static func of(_ fileName: Substring) -> FileType {
        guard let dot = fileName.lastIndex(of: ".") else { return unknown }
        return byEnding(fileName[fileName.index(after: dot)...].lowercased()) ?? unknown
    }

    private static let unknown = FileType(name: "application/octet-stream", isCompressible: false)

    private static func byEnding(_ ending: String) -> FileType? {
        text(ending) ?? media(ending)
    }

    private static func text(_ ending: String) -> FileType? {
        let name: StaticString
        switch ending {
        case "html", "htm": name = "text/html; charset=utf-8"
        case "js", "mjs": name = "text/javascript; charset=utf-8"
        case "css": name = "text/css; charset=utf-8"
        case "json", "map": name = "application/json"
        case "webmanifest": name = "application/manifest+json"
        case "txt", "log": name = "text/plain; charset=utf-8"
        case "md": name = "text/markdown; charset=utf-8"
        case "csv": name = "text/csv; charset=utf-8"
        case "ics": name = "text/calendar; charset=utf-8"
        case "vtt": name = "text/vtt; charset=utf-8"
        case "xml": name = "text/xml; charset=utf-8"
        case "xhtml": name = "application/xhtml+xml"
        case "atom": name = "application/atom+xml"
        case "rss": name = "application/rss+xml"
        case "svg": name = "image/svg+xml"
        case "wasm": name = "application/wasm"
        case "ttf": name = "font/ttf"
        case "otf": name = "font/otf"
        case "bmp": name = "image/bmp"
        case "ico": name = "image/vnd.microsoft.icon"
        default: return nil
        }
        return FileType(name: name, isCompressible: true)
    }

    /// Compressed by nature.
    private static func media(_ ending: String) -> FileType? {
        let name: StaticString
        switch ending {
        case "png": name = "image/png"
        case "jpg", "jpeg": name = "image/jpeg"
        case "gif": name = "image/gif"
        case "webp": name = "image/webp"
        case "avif": name = "image/avif"
        case "woff": name = "font/woff"
        case "woff2": name = "font/woff2"
        case "pdf": name = "application/pdf"
        case "mp4", "m4v": name = "video/mp4"
        case "webm": name = "video/webm"
        case "mp3": name = "audio/mpeg"
        case "m4a": name = "audio/mp4"
        case "ogg", "oga", "opus": name = "audio/ogg"
        case "wav": name = "audio/wav"
        case "zip": name = "application/zip"
        case "gz": name = "application/gzip"
        default: return nil
        }
        return FileType(name: name, isCompressible: false)
    }
}
