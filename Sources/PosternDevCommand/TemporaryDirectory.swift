private import Glibc

/// A directory of this run alone: 0700, removed at the end.
struct TemporaryDirectory {
    let path: String

    init() throws(Mistake) {
        var base = "/tmp"
        if let named = unsafe getenv("TMPDIR") {
            let text = unsafe String(cString: named)
            // The path of a unix socket below it has to fit into 107 bytes.
            if text.hasPrefix("/"), text.utf8.count <= 60 { base = text }
        }
        var template = Array((base + "/postern-dev.XXXXXX").utf8CString)
        guard unsafe mkdtemp(&template) != nil else {
            throw .internal("no temporary directory can be made under \(base)")
        }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Removes the directory and the files in it; there are no directories below.
    func remove() {
        if let entries = unsafe opendir(path) {
            while let entry = unsafe readdir(entries) {
                let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                    unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                if name != ".", name != ".." { unsafe unlink(path + "/" + name) }
            }
            unsafe closedir(entries)
        }
        unsafe rmdir(path)
    }
}
