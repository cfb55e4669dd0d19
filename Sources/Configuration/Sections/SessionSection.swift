import Bytes
import Formats
import Sessions

/// `session`: where sessions live, for how long, and the cookie that names one.
struct SessionSection {
    let root: SectionReader
    /// The origins of the gateway; empty while they are wrong.
    let sites: [URLParts]

    private var context: ReadingContext { root.context }

    func read() -> SessionSettings {
        var settings = SessionSettings()
        if let section = root.section("session") {
            read(section, &settings)
            section.finish()
        }
        if settings.store == nil {
            settings.store = .standard(stateDirectory: context.environment["STATE_DIRECTORY"])
        }
        return settings
    }

    private func read(_ section: SectionReader, _ settings: inout SessionSettings) {
        if let text = section.string("store") { settings.store = store(text) }
        keys(section, &settings)
        if let cookie = section.string("cookie") {
            CookieNameCheck(context: context, sites: sites).check(cookie)
            settings.cookie = cookie.value
        }
        sameSite(section, &settings)
        section.duration("idle_timeout", into: &settings.idleTimeout, in: .seconds(1) ... .seconds(365 * 86400))
        section.duration("lifetime", into: &settings.lifetime, in: .seconds(1) ... .seconds(365 * 86400))
        if section.has("idle_timeout") && settings.idleTimeout > settings.lifetime {
            context.error(
                section.valueMark(of: "idle_timeout"),
                "`session.idle_timeout` is longer than `session.lifetime`"
            )
        }
        section.duration("refresh_before", into: &settings.refreshBefore, in: .zero ... .seconds(3600))
        cache(section, &settings)
        section.integer("per_user", into: &settings.perUser, in: 0...10_000)
        section.duration("store_grace", into: &settings.storeGrace, in: .zero ... .seconds(3600))
        section.duration("audit", into: &settings.audit, in: .zero ... .seconds(3650 * 86400))
        section.refuseUnsupported("audit", unless: [.zero, SessionSettings().audit].contains(settings.audit))
    }

    private func store(_ text: Located<String>) -> StoreLocation? {
        guard let store = StoreLocation(text.value, relativeTo: context.directory.isEmpty ? "." : context.directory)
        else {
            let hint =
                text.value.hasPrefix("sqlite://") && !text.value.hasPrefix("sqlite:///")
                ? "an absolute path takes three slashes: sqlite:///var/lib/postern/sessions.db"
                : "sqlite:///ABSOLUTE, sqlite:RELATIVE or memory:"
            context.error(text.mark, "`session.store` is no store: \(text.shown)", hint: hint)
            return nil
        }
        if case .postgres = store {
            context.error(
                text.mark, "`session.store: postgres://…` is not supported yet", hint: "use sqlite: or memory:")
            return nil
        }
        if case .sqlite(let path) = store, context.files.kind(path) == .directory {
            context.error(text.mark, "`session.store`: \(text.shown(path)) is a directory", hint: "name a file in it")
        }
        return store
    }

    private func keys(_ section: SectionReader, _ settings: inout SessionSettings) {
        guard let list = section.strings("keys", secret: true) else { return }
        for text in list.value {
            guard let bytes = Base64.decode(text.value), bytes.count == 32 else {
                context.error(
                    text.mark, "an entry of `session.keys` is not 32 bytes in base64",
                    hint: "`postern keygen` makes one")
                continue
            }
            let key = Secret(bytes)
            if Set(bytes).count < 8 {
                context.error(text.mark, "an entry of `session.keys` is not random", hint: "`postern keygen` makes one")
            } else if settings.keys.contains(key) {
                context.error(text.mark, "an entry of `session.keys` stands there already")
            }
            settings.keys.append(key)
        }
    }

    private func sameSite(_ section: SectionReader, _ settings: inout SessionSettings) {
        // E3: the word exists, and with it every other site could use the session.
        if case .scalar(let written)? = section.entry("same_site")?.value.content, written.text.lowercased() == "none" {
            context.error(
                section.valueMark(of: "same_site"), "`session.same_site` is never none", hint: "lax or strict")
        } else {
            section.choice("same_site", into: &settings.sameSite)
        }
    }

    /// A size, or a number of sessions.
    private func cache(_ section: SectionReader, _ settings: inout SessionSettings) {
        guard let scalar = section.scalar("cache") else { return }
        let text = scalar.value.text
        if let count = Int(text), "\(count)" == text, (1...100_000_000).contains(count) {
            settings.cache = .sessions(count)
        } else if let bytes = SizeText.parse(text), bytes >= 1 << 20, bytes <= 1 << 40 {
            settings.cache = .bytes(bytes)
        } else {
            context.error(
                scalar.mark,
                "`session.cache` is a size from 1MiB on or a number of sessions, not \(scalar.map(\.text).shown)",
                hint: "such as 128MiB or 100000")
        }
    }
}
