package import Bytes

/// Where sessions are kept: `session.store` of the configuration.
package enum StoreLocation: Sendable, Equatable {
    /// An SQLite database at this path, absolute once the configuration has been read.
    case sqlite(path: String)
    /// This process's memory: sessions end with it.
    case memory
    /// A PostgreSQL server; the URL may carry a password.
    case postgres(url: Secret)

    /// Reads `sqlite:///ABSOLUTE`, `sqlite:RELATIVE`, `memory:` or `postgres://…`; nil for anything else.
    ///
    /// A relative path is resolved against `directory`, the one of the configuration file.
    package init?(_ text: String, relativeTo directory: String) {
        if text == "memory:" {
            self = .memory
        } else if text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") {
            self = .postgres(url: Secret(text))
        } else if let path = Self.path(of: text, relativeTo: directory) {
            self = .sqlite(path: path)
        } else {
            return nil
        }
    }

    /// What to call it in errors: the path, never a URL with a password.
    package var name: String {
        switch self {
        case .sqlite(let path): path
        case .memory: "memory:"
        case .postgres: "postgres"
        }
    }

    private static func path(of text: String, relativeTo directory: String) -> String? {
        guard text.hasPrefix("sqlite:") else { return nil }
        var path = text.dropFirst("sqlite:".count)
        if path.hasPrefix("//") {
            // Only an empty authority makes sense: sqlite:///var/… is a path, sqlite://var/… would be a host.
            path = path.dropFirst(2)
            guard path.hasPrefix("/") else { return nil }
        }
        guard !path.isEmpty, !path.hasSuffix("/"), !path.utf8.contains(0) else { return nil }
        if path.hasPrefix("/") { return String(path) }
        return directory.hasSuffix("/") ? directory + path : directory + "/" + path
    }

    /// The database used when the configuration names none: in systemd's `StateDirectory=`, else `/var/lib/postern`.
    ///
    /// `$STATE_DIRECTORY` may list several directories, separated by colons; the first one counts.
    package static func standard(stateDirectory: String?) -> StoreLocation {
        let first = stateDirectory?.split(separator: ":").first.map(String.init) ?? "/var/lib/postern"
        return .sqlite(path: first + "/sessions.db")
    }
}
