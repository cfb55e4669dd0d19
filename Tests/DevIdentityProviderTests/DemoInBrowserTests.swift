import Foundation
import TestSupport
import Testing

/// `postern-dev` without a word of configuration, in a real browser.
///
/// One test, since provider and API have fixed ports. `POSTERN_SCREENSHOTS=DIR` keeps what the browser saw.
struct DemoInBrowserTests {
    private let browser: Chromium
    private let isPhone: Bool

    init() throws { try self.init(isPhone: false, dark: false) }

    private init(isPhone: Bool, dark: Bool) throws {
        self.isPhone = isPhone
        browser = try Chromium(width: isPhone ? 390 : 1280, height: isPhone ? 844 : 1000, dark: dark)
    }

    /// Provider and API have one port each: another run on this machine is waited for.
    private static func start(port: Int) throws -> ChildProcess {
        var running: ChildProcess?
        try eventually("the ports of postern-dev become free", within: 120) {
            let child = try ChildProcess([try DevProgram.path, "--listen", "127.0.0.1:\(port)"])
            try eventually("start") { child.output.contains("Ctrl-C") || !child.isRunning }
            if child.isRunning { running = child }
            return child.isRunning || !child.output.contains("in use")
        }
        return try #require(running, "postern-dev did not start")
    }

    @Test("The whole demo: sign in, claims, a call to the API, no token in reach, sign out")
    func wholeDemo() throws {
        let port = try freePort()
        let program = try Self.start(port: port)
        defer { program.end() }
        let site = "http://localhost:\(port)"
        let second = try ChildProcess.run([try DevProgram.path, "--listen", "127.0.0.1:\(try freePort())"])
        #expect(second.code == 69 && second.output.contains("127.0.0.1:8081 is in use"))
        try signIn(site)
        try callTheAPI()
        try lookForTokens()
        try watchTheLines(site)
        try signOut(site)
        let phone = try DemoInBrowserTests(isPhone: true, dark: true)
        try phone.signIn(site)
        try phone.callTheAPI()
        try phone.watchTheLines(site)

        program.signal(SIGTERM)
        #expect(try program.wait() == 0)
        // What the program wrote holds no token, code or state.
        #expect(!program.output.contains("eyJ") && !program.output.contains("code="))
    }

    private func signIn(_ site: String) throws {
        try browser.open(site + "/")
        #expect(try browser.text("#eyebrow").contains("signed out"))
        try picture("1-signed-out")
        try browser.click("#login")
        try browser.waitForURL { $0.hasPrefix("http://127.0.0.1:8081/authorize") }
        try picture("2-sign-in")
        // The provider remembers what Alice allowed: on the phone somebody else signs in.
        let (user, name) = isPhone ? ("carol", "Carol") : ("alice", "Alice")
        try browser.click("button[value=\(user)]")
        #expect(try browser.text("h1").contains("postern demo"))
        try picture("3-consent")
        try browser.click("button[value=allow]")
        try browser.waitForURL { $0 == site + "/" }
        try browser.element("#logout")
        #expect(try browser.text("#headline") == "Hello, \(name).")
        #expect(try browser.text("#claims").contains("\(user)@example.com"))
        #expect(try browser.text("#claims").contains("staff"))
        try eventually("a running clock") { try browser.text("#idle").contains(":") }
    }

    private func callTheAPI() throws {
        try browser.click("[data-path='/api/hello']")
        #expect(try browser.text("#answer .status") == "200")
        #expect(try browser.text("#answer .token").contains("Bearer eyJ"))
        #expect(try browser.text("#answer .token").contains("characters)"))
        try picture("4-called")
        try browser.click("[data-path='/api/notes']")
        try eventually("the note came back") { try browser.text("#answer").contains("Bring a lamp.") }
        try browser.click("[data-path='/api/admin']")
        try eventually("403") { try browser.text("#answer .status") == "403" }
        #expect(try browser.text("#answer").contains("demo:admin"))
    }

    private func lookForTokens() throws {
        #expect(try browser.text("#verdict") == "No token within reach.")
        let session = try #require(try browser.cookies.first { $0.name == "postern" })
        #expect(session.attributes["httpOnly"] == "1")
        // No refusal of the content security policy, no script error.
        let reach = try browser.run(
            "return document.cookie + JSON.stringify({...localStorage, ...sessionStorage}) + document.body.innerHTML")
        #expect((reach as? String)?.contains(session.value) == false)
        #expect((reach as? String)?.contains(/eyJ[A-Za-z0-9_-]{20,}/) == false)
    }

    /// WebSocket and event stream through the gateway, until a logout in another tab ends both (E47).
    private func watchTheLines(_ site: String) throws {
        try eventually("both lines are open") {
            try browser.text("#socket-state") == "open" && browser.text("#events-state") == "open"
        }
        try eventually("a greeting") { try browser.text("#socket-log").contains("Hello, ") }
        try browser.type("Is anybody there?", into: "#words")
        try browser.click("#say button")
        try eventually("an echo") {
            let log = try browser.text("#socket-log")
            return log.contains("you: Is anybody there?") && log.components(separatedBy: "Is anybody there?").count == 3
        }
        try eventually("events") { try browser.text("#events-log").contains("event 2") }
        try look(at: "#live")
        try picture("6-live")
        // When each line was found closed, on the page's own clock.
        _ = try browser.run(
            """
            window.ended = {};
            for (const id of ["socket", "events"]) {
              new MutationObserver(() => {
                if (document.getElementById(id).dataset.line === "ended") window.ended[id] = Date.now();
              }).observe(document.getElementById(id), { attributes: true });
            }
            """)
        let logout = try #require(try browser.run("return document.getElementById('logout').href") as? String)
        let page = try browser.tab
        try browser.show(tab: try browser.openTab())
        let before = Date().timeIntervalSince1970 * 1000
        try browser.open(logout)
        try browser.element("#login")
        try browser.show(tab: page)
        try eventually("both lines have ended") {
            try browser.text("#socket-state") == "closed 1008" && browser.text("#events-state") == "ended"
        }
        #expect(try browser.text("#socket-log").contains("closed 1008 revoked"))
        let ended = try #require(try browser.run("return Object.values(window.ended)") as? [Double])
        // The logout's own time is in it: a second is what the gateway may take, the rest is a browser on a busy machine.
        #expect(ended.count == 2 && ended.allSatisfy { $0 >= before && $0 < before + 5000 }, "\(before) \(ended)")
        try look(at: "#live")
        try picture("7-ended")
        try browser.open(site + "/")
        try browser.element("#login")
        guard !isPhone else { return }
        // In again, to leave by the button.
        try browser.click("#login")
        try browser.click("button[value=alice]")
        try browser.waitForURL { $0 == site + "/" }
        try browser.element("#logout")
    }

    private func look(at selector: String) throws {
        _ = try browser.run("document.querySelector('\(selector)').scrollIntoView({ block: 'center' })")
    }

    private func signOut(_ site: String) throws {
        try browser.click("#logout")
        try browser.waitForURL { $0 == site + "/" }
        try browser.element("#login")
        // The provider has forgotten the login too: it asks again who this is, but not for consent.
        try browser.click("#login")
        try browser.click("button[value=bob]")
        try browser.click("button[value=deny]")
        try eventually("a readable refusal") { try browser.source.contains("sign") }
        try picture("5-denied")
    }

    private func picture(_ name: String) throws {
        guard let directory = ProcessInfo.processInfo.environment["POSTERN_SCREENSHOTS"] else { return }
        try browser.screenshot("\(directory)/\(name)-\(isPhone ? "phone" : "desk").png")
    }
}

/// The program under test: it is built beside the tests.
enum DevProgram {
    static var path: String {
        get throws {
            let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            return URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("postern-dev").path
        }
    }
}
