/// Why the store could not answer.
///
/// Never means "no session": whoever gets one answers 503 and keeps what it has (E49).
package enum SessionStoreError: Error, Sendable, Hashable {
    /// The disk, or the quota, is full.
    case full
    /// Somebody else holds the database, for longer than we wait.
    case locked
    /// The database, or what surrounds it, cannot be written.
    case readOnly
    /// The database is damaged, or is none.
    case corrupt
    /// The database is not where it was.
    case unreachable
    /// The store was closed.
    case closed
    /// Randomness or a cipher failed.
    case sealing
    /// Anything else; the code is the library's.
    case failed(code: Int32)

    /// A short name for logs and metrics.
    package var name: String {
        switch self {
        case .full: "full"
        case .locked: "locked"
        case .readOnly: "read_only"
        case .corrupt: "corrupt"
        case .unreachable: "unreachable"
        case .closed: "closed"
        case .sealing: "sealing"
        case .failed(let code): "failed_\(code)"
        }
    }
}
