import Cryptography
import Time

/// A value that goes into a statement.
enum SQLiteValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case text(String)
    case blob([UInt8])

    static func digest(_ digest: SHA256Digest) -> SQLiteValue { .blob(digest.bytes) }
    static func digest(_ digest: SHA256Digest?) -> SQLiteValue { digest.map { .blob($0.bytes) } ?? .null }
    static func time(_ time: Timestamp) -> SQLiteValue { .integer(time.milliseconds) }
}
