import Bytes
import Testing
import Time

@testable import Sessions

struct SessionSettingsTests {
    @Test("K17 defaults are the contract's")
    func defaults() {
        let settings = SessionSettings()
        #expect(settings.cookie == "__Host-Http-postern")
        #expect(settings.sameSite == .lax)
        #expect(settings.idleTimeout == .seconds(1800))
        #expect(settings.lifetime == .seconds(43200))
        #expect(settings.refreshBefore == .seconds(60))
        #expect(settings.cache == .bytes(134_217_728))
        #expect(settings.perUser == 20)
        #expect(settings.storeGrace == .seconds(30))
        #expect(settings.audit == .seconds(90 * 86400))
        #expect(settings.store == nil && settings.keys.isEmpty)
    }

    @Test("E5 without Secure the cookie's name has no prefix that promises it")
    func cookieName() {
        var settings = SessionSettings()
        #expect(settings.cookieName(isSecure: true) == "__Host-Http-postern")
        #expect(settings.cookieName(isSecure: false) == "postern")
        settings.cookie = "__Host-mine"
        #expect(settings.cookieName(isSecure: false) == "mine")
        settings.cookie = "plain"
        #expect(settings.cookieName(isSecure: false) == "plain")
    }
}

struct StoreLocationTests {
    @Test(
        "forms of session.store",
        arguments: [
            ("sqlite:///var/lib/postern/sessions.db", StoreLocation.sqlite(path: "/var/lib/postern/sessions.db")),
            ("sqlite:/srv/s.db", .sqlite(path: "/srv/s.db")),
            ("sqlite:state/s.db", .sqlite(path: "/etc/postern/state/s.db")),
            ("sqlite:///with space.db", .sqlite(path: "/with space.db")),
            ("memory:", .memory),
            ("postgres://user:pass@db/postern", .postgres(url: Secret("postgres://user:pass@db/postern"))),
        ])
    func accepted(text: String, expected: StoreLocation) {
        #expect(StoreLocation(text, relativeTo: "/etc/postern") == expected)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", "sqlite:", "sqlite://host/db", "sqlite:///dir/", "memory", "memory:x", "file:///x", "mysql://x",
            "sqlite:a\0b",
        ])
    func refused(text: String) {
        #expect(StoreLocation(text, relativeTo: "/etc/postern") == nil)
    }

    @Test("the default is systemd's state directory, else /var/lib/postern")
    func standard() {
        #expect(StoreLocation.standard(stateDirectory: nil) == .sqlite(path: "/var/lib/postern/sessions.db"))
        #expect(StoreLocation.standard(stateDirectory: "") == .sqlite(path: "/var/lib/postern/sessions.db"))
        #expect(StoreLocation.standard(stateDirectory: "/run/a:/run/b") == .sqlite(path: "/run/a/sessions.db"))
    }
}
