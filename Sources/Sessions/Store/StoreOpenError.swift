/// Why a store could not be opened: a matter for whoever runs the gateway (exit 78, or 69 for ``failed(_:)``).
package enum StoreOpenError: Error, Sendable, Equatable {
    /// The database cannot be made or written there.
    case notWritable(NotWritable)
    /// The key file can be read by others than its owner, so its key may be known.
    case keyFileExposed(path: String, mode: UInt32)
    /// The key file holds something else than 32 bytes in base64.
    case keyFileMalformed(path: String)
    /// A later version of the gateway has used this database; going back would lose what it added.
    case newerSchema(path: String, found: Int64, known: Int64)
    /// The file is a database of another program.
    case foreignDatabase(path: String)
    /// The file system cannot share memory between processes (a network mount): no write-ahead log.
    case noWriteAheadLog(path: String)
    /// The key at this place of `session.keys`, from 0, is not 32 bytes long.
    case keyLength(position: Int)
    /// Rows of our sites need keys that the list lacks (B42).
    case missingKeys(path: String, rows: [SessionKeyID: Int])
    /// This build keeps no sessions there.
    case unsupported(store: String)
    /// The database could not be used this time.
    case failed(path: String, SessionStoreError)

    /// The facts behind "not writable".
    package struct NotWritable: Sendable, Equatable {
        package let path: String
        package let directory: String
        /// The user this process runs as.
        package let user: String
        package let errno: Int32
    }
}
