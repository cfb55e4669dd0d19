private import Glibc

extension StoreOpenError {
    /// What is wrong, where, and the line to write: for people at a terminal.
    package var explanation: String {
        switch self {
        case .notWritable(let facts):
            """
            session.store: \(facts.path) cannot be written: directory \(facts.directory), user \(facts.user): \
            \(unsafe String(cString: strerror(facts.errno)))
              either give the directory to that user:  install -d -m 0700 -o \(facts.user) \(facts.directory)
              or keep sessions elsewhere:  session: { store: "sqlite:///PATH/sessions.db" }
            """
        case .keyFileExposed(let path, let mode):
            """
            \(path) is readable by others (mode 0\(String(mode, radix: 8))), so its key may be known
              if nobody else could reach it:  chmod 600 \(path)
            """
        case .keyFileMalformed(let path):
            """
            \(path) does not hold a key of 32 bytes in base64
              restore it from a backup, or write a new one, which ends all sessions:  (umask 077; postern keygen > \(path))
            """
        case .newerSchema(let path, let found, let known):
            """
            \(path) was used by a newer postern (schema \(found), this one knows \(known))
              run that version, or keep sessions elsewhere:  session: { store: "sqlite:///PATH/sessions.db" }
            """
        case .foreignDatabase(let path):
            """
            \(path) is a database of another program
              keep sessions in a file of their own:  session: { store: "sqlite:///PATH/sessions.db" }
            """
        case .noWriteAheadLog(let path):
            """
            \(path) is on a file system that SQLite's write-ahead log cannot use
              keep sessions on a local disk:  session: { store: "sqlite:///PATH/sessions.db" }
            """
        case .keyLength(let position):
            """
            session.keys[\(position)] is not a key of 32 bytes in base64
              make one:  postern keygen
            """
        case .missingKeys(let path, let rows):
            """
            \(path) holds sessions sealed by \(Self.names(rows)), not in session.keys
              add the key behind the others:  session: { keys: [ "${file:NEW}", "${file:OLD}" ] }
              or end all sessions:  mv \(path) \(path).unreadable
            """
        case .unsupported(let store):
            """
            session.store: this build keeps no sessions in \(store)
              keep them in a file:  session: { store: "sqlite:///PATH/sessions.db" }
            """
        case .failed(let path, let error):
            """
            session.store: \(path) cannot be used: \(error.name)
              restore it from a backup, or begin without sessions:  mv \(path) \(path).broken
            """
        }
    }

    /// `key 0123456789abcdef (12 rows), key …`, in a fixed order.
    private static func names(_ rows: [SessionKeyID: Int]) -> String {
        rows.sorted { $0.key.text < $1.key.text }
            .map { "key \($0.key) (\($0.value) \($0.value == 1 ? "row" : "rows"))" }
            .joined(separator: ", ")
    }
}
