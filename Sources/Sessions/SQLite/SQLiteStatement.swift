private import CSQLite
import Cryptography
import Time

/// A prepared statement, and the row it stands on.
///
/// Belongs to its connection's thread; kept for the connection's life, since preparing costs more than running.
@safe
final class SQLiteStatement {
    private let handle: OpaquePointer
    private let database: OpaquePointer

    /// Prepares `sql` on the open database `database`.
    init(_ sql: String, database: OpaquePointer) throws(SQLiteError) {
        var handle: OpaquePointer?
        let code = unsafe sqlite3_prepare_v3(database, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
        guard code == SQLITE_OK, let handle = unsafe handle else {
            throw SQLiteError(code: code, systemError: unsafe sqlite3_system_errno(database))
        }
        unsafe self.handle = handle
        unsafe self.database = database
    }

    /// Frees the statement; nothing else may follow.
    func finalize() { unsafe sqlite3_finalize(handle) }

    /// Puts `values` where the parameters are, from the first on.
    func bind(_ values: [SQLiteValue]) throws(SQLiteError) {
        for (position, value) in values.enumerated() {
            let index = Int32(position + 1)
            let code =
                switch value {
                case .null: unsafe sqlite3_bind_null(handle, index)
                case .integer(let number): unsafe sqlite3_bind_int64(handle, index, number)
                case .blob(let bytes): unsafe postern_sqlite_bind_blob(handle, index, bytes, Int32(bytes.count))
                case .text(let text): unsafe postern_sqlite_bind_text(handle, index, text, Int32(text.utf8.count))
                }
            if code != SQLITE_OK { throw failure(code) }
        }
    }

    /// Moves to the next row; false when there is none.
    func step() throws(SQLiteError) -> Bool {
        switch unsafe sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw failure(code)
        }
    }

    /// Ends the run, which also ends a read transaction of its own, and forgets the values.
    func reset() {
        unsafe sqlite3_reset(handle)
        unsafe sqlite3_clear_bindings(handle)
    }

    private func failure(_ code: Int32) -> SQLiteError {
        SQLiteError(code: code, systemError: unsafe sqlite3_system_errno(database))
    }

    // MARK: columns of the current row, from 0

    func isNull(_ column: Int32) -> Bool { unsafe sqlite3_column_type(handle, column) == SQLITE_NULL }
    func integer(_ column: Int32) -> Int64 { unsafe sqlite3_column_int64(handle, column) }
    func time(_ column: Int32) -> Timestamp { Timestamp(milliseconds: integer(column)) }

    func blob(_ column: Int32) -> [UInt8] {
        // In this order: asking for the bytes may convert the value, asking for the size then measures the result.
        guard let bytes = unsafe sqlite3_column_blob(handle, column) else { return [] }
        let count = Int(unsafe sqlite3_column_bytes(handle, column))
        return unsafe [UInt8](UnsafeRawBufferPointer(start: bytes, count: count))
    }

    func text(_ column: Int32) -> String { String(decoding: blob(column), as: UTF8.self) }

    /// The digest in a column, or nil when it is null or not a digest.
    func digest(_ column: Int32) -> SHA256Digest? { SHA256Digest(bytes: blob(column)) }
}
