import Glibc

/// Files of at most a few mebibytes, read whole: certificate bundles.
enum SmallFile {
    /// The content, or nil when it cannot be read or is larger than 4 MiB.
    static func read(_ path: String) -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while content.count <= 4 << 20 {
            let count = unsafe Glibc.read(descriptor, &piece, piece.count)
            if count < 0 && errno == EINTR { continue }
            if count < 0 { return nil }
            if count == 0 { return content }
            content += piece[..<count]
        }
        return nil
    }
}
