/// A folder whose files a route serves (key `files`).
package struct FilesSettings: Sendable, Hashable {
    /// For how long browsers may keep what lies under a prefix without asking again.
    package struct CacheRule: Sendable, Hashable {
        /// Relative to the root, such as `assets/`; the longest one that fits counts.
        package var prefix: String
        package var duration: Duration

        package init(prefix: String, duration: Duration) {
            self.prefix = prefix
            self.duration = duration
        }
    }

    /// The folder, as an absolute path.
    ///
    /// A request names a file by its whole path, or with `strip_prefix` by what is behind the route's.
    package var root: String
    /// The file, relative to the root, that answers navigations to paths without a file (single-page applications).
    package var fallback: String?
    package var cache: [CacheRule]

    package init(root: String, fallback: String? = nil, cache: [CacheRule] = []) {
        self.root = root
        self.fallback = fallback
        self.cache = cache
    }
}
