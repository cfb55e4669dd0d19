/// Why a vault could not be made, or a row not be opened.
package enum SessionVaultError: Error, Sendable, Equatable {
    /// There is no key.
    case noKey
    /// The key at this place of the list, from 0, is not 32 bytes long.
    case keyLength(position: Int)
    /// The row needs a key that the list lacks.
    case unknownKey(SessionKeyID)
    /// The row's provider is not in the configuration any more.
    case unknownProvider(String)
    /// The row was changed, moved, cut, or belongs to another site, provider, client or cookie.
    case doesNotOpen
    /// The row opens, and contradicts the columns beside it.
    case contradiction
    /// Randomness or a cipher failed.
    case sealing

    /// A short name for logs and metrics.
    package var name: String {
        switch self {
        case .noKey: "no_key"
        case .keyLength: "key_length"
        case .unknownKey: "unknown_key"
        case .unknownProvider: "unknown_provider"
        case .doesNotOpen: "does_not_open"
        case .contradiction: "contradiction"
        case .sealing: "sealing"
        }
    }
}
