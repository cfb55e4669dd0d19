import Routing

/// `files` of a route: a folder that the gateway serves itself.
struct FilesSection {
    let section: SectionReader

    private var context: ReadingContext { section.context }

    func read() -> FilesSettings? {
        defer { section.finish() }
        section.require("root", hint: "the folder, relative to this file")
        let root = section.string("root").flatMap(root)
        var settings = FilesSettings(root: root ?? "")
        if let fallback = section.string("fallback", nullable: true) {
            settings.fallback = fallback.value
            checkFallback(fallback, root)
        }
        settings.cache = cache()
        return root == nil ? nil : settings
    }

    private func root(_ text: Located<String>) -> String? {
        let path = context.path(text.value)
        switch context.files.kind(path) {
        case .directory: return path
        case nil: context.error(text.mark, "\(section.name("root")): there is no folder \(text.shown(path))")
        default: context.error(text.mark, "\(section.name("root")): \(text.shown(path)) is no folder")
        }
        return nil
    }

    private func checkFallback(_ name: Located<String>, _ root: String?) {
        guard Self.staysBelow(name.value) else {
            context.error(name.mark, "\(section.name("fallback")) is a file below the root, not \(name.shown)")
            return
        }
        if let root, context.files.kind("\(root)/\(name.value)") != .file {
            context.warn(
                name.mark, "\(section.name("fallback")): there is no file \(name.shown) in the root yet")
        }
    }

    private func cache() -> [FilesSettings.CacheRule] {
        guard let block = section.section("cache") else { return [] }
        return block.namedValues.compactMap { entry in
            _ = block.entry(entry.key)
            if !Self.staysBelow(entry.key) {
                context.error(entry.mark, "\(Quoted(entry.key)) is no folder below the root", hint: "such as assets/")
            }
            var duration = Duration.zero
            block.duration(entry.key, into: &duration, in: .zero ... .seconds(3650 * 86400))
            return FilesSettings.CacheRule(prefix: entry.key, duration: duration)
        }
    }

    /// A relative path that leads nowhere else.
    private static func staysBelow(_ path: String) -> Bool {
        !path.hasPrefix("/") && !path.utf8.contains(UInt8(ascii: "\\"))
            && !path.split(separator: "/").contains { $0 == ".." || $0 == "." }
    }
}
