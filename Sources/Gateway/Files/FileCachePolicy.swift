import Routing
import Time

/// How long browsers may keep files (key `files.cache`): the longest prefix that fits counts, without one they ask again.
struct FileCachePolicy: Sendable {
    private let rules: [(prefix: String, value: String)]
    private let otherwise: String

    /// From here on a name is taken to mean one version for ever, as the hashed names of bundlers do.
    private static let immutableFrom = Duration.days(30)

    /// - Parameter isPublic: false where a login is needed; then shared caches keep nothing.
    init(_ rules: [FilesSettings.CacheRule], isPublic: Bool) {
        let scope = isPublic ? "public" : "private"
        self.rules =
            rules
            .sorted { $0.prefix.utf8.count > $1.prefix.utf8.count }
            .map { rule in
                let seconds = max(0, rule.duration.wholeSeconds)
                let value = seconds == 0 ? "\(scope), no-cache" : "\(scope), max-age=\(seconds)"
                return (Self.relative(rule.prefix), rule.duration >= Self.immutableFrom ? value + ", immutable" : value)
            }
        otherwise = isPublic ? "no-cache" : "private, no-cache"
    }

    /// The value of `Cache-Control` for a file, named relative to the root.
    func value(for name: String) -> String {
        rules.first { name.utf8.starts(with: $0.prefix.utf8) }?.value ?? otherwise
    }

    private static func relative(_ prefix: String) -> String {
        prefix.hasPrefix("/") ? String(prefix.dropFirst()) : prefix
    }
}
