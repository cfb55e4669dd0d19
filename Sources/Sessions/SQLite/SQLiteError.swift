private import CSQLite
private import Glibc

/// What SQLite answered instead of a result.
struct SQLiteError: Error, Equatable {
    /// The extended result code.
    let code: Int32
    /// The `errno` behind it, or 0.
    let systemError: Int32

    /// The caller asked for something that makes no sense.
    static let misuse = SQLiteError(code: SQLITE_MISUSE, systemError: 0)

    /// There is no file.
    static let unreachable = SQLiteError(code: SQLITE_CANTOPEN, systemError: ENOENT)

    /// The file is not the database it was.
    static let foreign = SQLiteError(code: SQLITE_NOTADB, systemError: 0)

    /// The primary result code: the low byte of the extended one.
    var primary: Int32 { code & 0xFF }

    /// What it means for the store.
    var meaning: SessionStoreError {
        // A full disk shows in several places: in the shared index it is an I/O error whose errno tells.
        if systemError == ENOSPC || systemError == EDQUOT { return .full }
        return switch primary {
        case SQLITE_FULL: .full
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL: .locked
        case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH: .readOnly
        case SQLITE_CORRUPT, SQLITE_NOTADB: .corrupt
        case SQLITE_CANTOPEN: systemError == EACCES || systemError == EROFS ? .readOnly : .unreachable
        default: .failed(code: code)
        }
    }

    /// True when only this statement failed and the connection, the disk and other statements are sound.
    var concernsStatementOnly: Bool {
        switch primary {
        case SQLITE_CONSTRAINT, SQLITE_TOOBIG, SQLITE_MISMATCH, SQLITE_RANGE, SQLITE_ERROR, SQLITE_MISUSE: true
        default: false
        }
    }

    /// True when a connection that answered this is given up and opened again.
    ///
    /// A full disk and a lock pass by themselves; after anything else the page cache may hold what the disk does not.
    var spoilsConnection: Bool {
        switch meaning {
        case .full, .locked: false
        default: !concernsStatementOnly
        }
    }
}
