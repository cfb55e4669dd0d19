private import CSQLite
import Time

/// An open database, which belongs to one thread.
@safe
final class SQLiteConnection {
    /// How a database is opened.
    enum Access {
        /// Reading and writing a file that must exist: making it is ``StoreFiles``' business, with the right modes.
        case readWrite
        /// Reading only, beside a writer.
        case readOnly
    }

    private let handle: OpaquePointer
    private var statements: [String: SQLiteStatement] = [:]
    private var isClosed = false

    /// Opens the database at `path`, to wait at most `busyTimeout` for a lock that somebody else holds.
    init(path: String, access: Access, busyTimeout: Duration) throws(SQLiteError) {
        let mode = access == .readWrite ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY
        var opened: OpaquePointer?
        // One thread uses a connection, hence no mutex inside.
        let code = unsafe sqlite3_open_v2(path, &opened, mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard let handle = unsafe opened else { throw SQLiteError(code: SQLITE_NOMEM, systemError: 0) }
        guard code == SQLITE_OK else {
            let error = SQLiteError(code: code, systemError: unsafe sqlite3_system_errno(handle))
            unsafe sqlite3_close_v2(handle)
            throw error
        }
        unsafe self.handle = handle
        unsafe sqlite3_busy_timeout(handle, Int32(clamping: busyTimeout.milliseconds))
        let distrust = unsafe postern_sqlite_distrust_schema(handle)
        if distrust != SQLITE_OK { throw SQLiteError(code: distrust, systemError: 0) }
    }

    deinit { close() }

    /// Closes the database; of the last connection, this also empties the write-ahead log into the file.
    func close() {
        if isClosed { return }
        isClosed = true
        for statement in statements.values { statement.finalize() }
        statements = [:]
        unsafe sqlite3_close_v2(handle)
    }

    /// Runs a statement that has no result, or whose result does not matter.
    func run(_ sql: String, _ values: [SQLiteValue] = []) throws(SQLiteError) {
        let statement = try prepared(sql)
        defer { statement.reset() }
        try statement.bind(values)
        while try statement.step() {}
    }

    /// Runs a statement and makes a value of each row.
    func rows<Row>(
        _ sql: String, _ values: [SQLiteValue] = [], _ make: (SQLiteStatement) throws(SQLiteError) -> Row
    ) throws(SQLiteError) -> [Row] {
        let statement = try prepared(sql)
        defer { statement.reset() }
        try statement.bind(values)
        var rows: [Row] = []
        while try statement.step() { rows.append(try make(statement)) }
        return rows
    }

    /// Runs a statement and makes a value of its first row, if there is one.
    func first<Row>(
        _ sql: String, _ values: [SQLiteValue] = [], _ make: (SQLiteStatement) throws(SQLiteError) -> Row
    ) throws(SQLiteError) -> Row? {
        let statement = try prepared(sql)
        defer { statement.reset() }
        try statement.bind(values)
        return try statement.step() ? try make(statement) : nil
    }

    /// The integer that a statement answers, 0 when it has no row.
    func integer(_ sql: String, _ values: [SQLiteValue] = []) throws(SQLiteError) -> Int64 {
        try first(sql, values) { row in row.integer(0) } ?? 0
    }

    /// Rows changed by the last statement.
    var changes: Int { Int(unsafe sqlite3_changes64(handle)) }

    /// True between BEGIN and its end; false also after SQLite itself had to roll back.
    var isInTransaction: Bool { unsafe sqlite3_get_autocommit(handle) == 0 }

    /// Undoes the transaction, if one is still open.
    func rollBack() {
        if isInTransaction { try? run("ROLLBACK") }
    }

    /// Runs `body` between BEGIN IMMEDIATE and COMMIT; undoes all of it when it throws.
    func transaction<Result>(
        _ begin: String = "BEGIN IMMEDIATE", _ body: () throws(SQLiteError) -> Result
    ) throws(SQLiteError) -> Result {
        try run(begin)
        do {
            let result = try body()
            try run("COMMIT")
            return result
        } catch {
            rollBack()
            throw error
        }
    }

    /// The statements kept so far.
    var preparedStatements: [String] { Array(statements.keys) }

    private func prepared(_ sql: String) throws(SQLiteError) -> SQLiteStatement {
        if isClosed { throw .misuse }
        if let kept = statements[sql] { return kept }
        let statement = unsafe try SQLiteStatement(sql, database: handle)
        statements[sql] = statement
        return statement
    }
}
