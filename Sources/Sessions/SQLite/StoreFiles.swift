private import Glibc

/// The files of a database: made private before anything is in them.
///
/// SQLite gives its log and index files the mode of the database file, so that one mode protects all three. No file that
/// SQLite has open is opened here: closing it would drop the locks of this process (`fcntl(2)`, "process-associated").
struct StoreFiles: Sendable {
    let path: String

    var directory: String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The key, when the configuration has none.
    var keyPath: String { path + ".key" }
    /// What the processes on this database share: see ``SharedState``.
    var sharedPath: String { path + "-shared" }

    /// Makes directory and database file where they are missing, 0700 and 0600, and narrows modes that are wider.
    func prepare() throws(StoreOpenError) {
        try makeDirectory()
        if !create() && errno != EEXIST { throw notWritable(errno) }
        for name in [path, path + "-wal", path + "-shm"] { try narrow(name) }
        // The log beside it is made anew at every start: the directory must be writable, not only the file.
        if unsafe faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) != 0 { throw notWritable(errno) }
        if unsafe faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) != 0 { throw notWritable(errno) }
    }

    /// Makes an empty private file; false, with `errno`, when there is one or none can be made.
    func create() -> Bool {
        let file = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if file < 0 { return false }
        close(file)
        return true
    }

    /// Which file the path leads to now, or nil when to none.
    func identity() -> FileIdentity? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    func notWritable(_ errno: Int32) -> StoreOpenError {
        .notWritable(.init(path: path, directory: directory, user: Self.currentUser(), errno: errno))
    }

    private func makeDirectory() throws(StoreOpenError) {
        var made = directory.hasPrefix("/") ? "" : "."
        for part in directory.split(separator: "/") {
            made += "/" + part
            if unsafe mkdir(made, 0o700) == 0 { continue }
            let failure = errno
            // One that exists is no trouble, also where its parent may not be written to.
            if failure != EEXIST, unsafe access(made, F_OK) != 0 { throw notWritable(failure) }
        }
    }

    private func narrow(_ name: String) throws(StoreOpenError) {
        var status = stat()
        guard unsafe stat(name, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFREG else { throw notWritable(EISDIR) }
        if status.st_mode & 0o077 != 0, unsafe chmod(name, 0o600) != 0 { throw notWritable(errno) }
    }

    /// The name of the user this process runs as, or `uid N`.
    private static func currentUser() -> String {
        let user = geteuid()
        guard let entry = unsafe getpwuid(user), let name = unsafe entry.pointee.pw_name else { return "uid \(user)" }
        return unsafe String(cString: name)
    }
}

/// A file, whatever it is called.
struct FileIdentity: Sendable, Equatable {
    let device: UInt64
    let inode: UInt64
}
