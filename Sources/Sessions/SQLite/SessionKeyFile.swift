package import Bytes
private import Cryptography
private import Formats
private import Glibc

/// The key beside a database: made once, readable by its owner alone.
package struct SessionKeyFile: Sendable {
    private let files: StoreFiles

    /// The key file of the database at `path`.
    package init(path: String) { files = StoreFiles(path: path) }

    /// Reads the key; makes one, and the database's directory, where there is none.
    package func load() throws(StoreOpenError) -> Secret {
        if let key = try read() { return key }
        try files.prepare()
        try make()
        // Of two processes that start together one made it; both use that one.
        guard let key = try read() else { throw files.notWritable(ENOENT) }
        return key
    }

    private func read() throws(StoreOpenError) -> Secret? {
        let path = files.keyPath
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw files.notWritable(errno)
        }
        defer { close(file) }
        var status = stat()
        guard unsafe fstat(file, &status) == 0 else { throw files.notWritable(errno) }
        // Others may have read it already, so narrowing the mode would not make the key a secret again.
        guard status.st_mode & 0o077 == 0 else {
            throw .keyFileExposed(path: path, mode: status.st_mode & 0o777)
        }
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe Glibc.read(file, buffer.baseAddress, buffer.count)
        }
        guard count >= 0 else { throw files.notWritable(errno) }
        let line = bytes[..<count].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard let first = line.first, line.dropFirst().allSatisfy(\.isEmpty),
            let key = Base64.decode(String(decoding: first, as: UTF8.self)), key.count == 32
        else { throw .keyFileMalformed(path: path) }
        return Secret(key)
    }

    /// Writes a fresh key under a name of its own, syncs it, and only then gives it its name, which must be free: a
    /// crash leaves a whole key or none.
    private func make() throws(StoreOpenError) {
        guard let key = try? RandomBytes.make(32), let suffix = try? RandomBytes.make(8) else {
            throw .failed(path: files.keyPath, .sealing)
        }
        let draft = files.keyPath + "." + Hexadecimal.encode(suffix)
        let line = Array((Base64.encode(key) + "\n").utf8)
        let file = unsafe open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw files.notWritable(errno) }
        defer { unsafe unlink(draft) }
        let written = unsafe line.withUnsafeBytes { unsafe write(file, $0.baseAddress, $0.count) }
        let synced = fsync(file)
        let failure = errno
        close(file)
        guard written == line.count, synced == 0 else { throw files.notWritable(written < 0 ? failure : ENOSPC) }
        if unsafe link(draft, files.keyPath) != 0 && errno != EEXIST { throw files.notWritable(errno) }
        try syncDirectory()
    }

    /// A new name is on disk only when its directory is.
    private func syncDirectory() throws(StoreOpenError) {
        let directory = unsafe open(files.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw files.notWritable(errno) }
        defer { close(directory) }
        if fsync(directory) != 0 && errno != EINVAL { throw files.notWritable(errno) }
    }
}
