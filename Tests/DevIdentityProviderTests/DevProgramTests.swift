import Foundation
import TestSupport
import Testing

@testable import DevIdentityProvider

/// The program `postern-dev` as people start it.
struct DevProgramTests {
    private var program: String { get throws { try DevProgram.path } }

    private var root: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
    }

    @Test("The direct calls of Okta's and Auth0's guides work by hand, in every layout, and the wrong ones do not")
    func guides() throws {
        let outcome = try ChildProcess.run(
            [root + "/Tests/scripts/guides.sh", try program, "\(try freePort())", "\(try freePort())"], within: 240)
        #expect(outcome.code == 0, "\(outcome.output)")
        #expect(outcome.output.contains("all good"))
    }

    @Test(
        "Command lines that cannot be meant end with 64, files that cannot be read with 78",
        arguments: [
            (["nonsense"], 64, "nonsense"), (["idp", "--bogus"], 64, "--bogus"),
            (["idp", "--layout", "x"], 64, "okta-org"),
            (["idp", "--listen", "127.0.0.1"], 64, "--listen"), (["idp", "--listen"], 64, "needs a value"),
            (["idp", "--client", "x"], 64, "REDIRECT_URI"),
            (["idp", "--client", "x=http://example.com/cb"], 64, "redirect URI"),
            (["idp", "--client", "a=https://a.example/", "--client", "a=https://b.example/"], 64, "`a`"),
            (["idp", "--issuer", "nowhere"], 64, "--issuer"),
            (["idp", "--issuer", "http://localhost:1/x", "--layout", "auth0"], 64, "auth0"),
            (["idp", "--users", "/nowhere/users.json"], 78, "/nowhere/users.json"),
            (["idp", "--algorithm", "none"], 64, "RS256"),
            (["idp", "--refresh-grace", "soon"], 64, "30s"), (["api", "--issuer", "x"], 64, "--issuer"),
            (["idp", "--client", "a:${file:/nowhere/secret}=https://a.example/"], 78, "/nowhere/secret"),
            (["idp", "--client", "a:${env:POSTERN_UNSET}=https://a.example/"], 78, "POSTERN_UNSET"),
            (["idp", "--client", "a:${file:/dev/null}=https://a.example/"], 78, "is empty"),
            (["api", "--client", "x"], 64, "ID:SECRET"), (["api", "--client", "x:${file:/nowhere}"], 78, "/nowhere"),
            (["help", "x"], 64, "`x`"),
        ] as [([String], Int32, String)])
    func mistakes(words: [String], code: Int32, says: String) throws {
        let outcome = try ChildProcess.run([try program] + words)
        #expect(outcome.code == code)
        #expect(outcome.output.contains(says), "\(outcome.output)")
    }

    @Test("A client's secret may be in a file")
    func secretInFile() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try Data("from=a:file\n".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let port = try freePort()
        let child = try ChildProcess([
            try program, "idp", "--listen", "127.0.0.1:\(port)",
            "--client", "app:${file:\(file.path)}=http://localhost:8080/bff/callback",
        ])
        defer { child.end() }
        try eventually("start") { child.output.contains("Ctrl-C") }
        #expect(child.output.contains("app (confidential)"))
        func status(_ secret: String) throws -> String {
            let body = "token=x&client_id=app&client_secret=\(secret)"
            let request = """
                POST /revoke HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
                Content-Type: application/x-www-form-urlencoded\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)
                """
            return String(decoding: try exchange(port: port, Array(request.utf8)).prefix(12), as: UTF8.self)
        }
        #expect(try status("from%3Da%3Afile") == "HTTP/1.1 200")
        #expect(try status("something-else") == "HTTP/1.1 401")
    }

    @Test("H1 an address that others can reach needs --expose, and brings a warning", arguments: ["idp", "api"])
    func exposure(part: String) throws {
        let address = "0.0.0.0:\(try freePort())"
        let refused = try ChildProcess.run([try program, part, "--listen", address])
        #expect(refused.code == 64 && refused.output.contains("--expose"))
        let child = try ChildProcess([try program, part, "--listen", address, "--expose"])
        defer { child.end() }
        try eventually("warning") { child.output.contains("warning: ") && child.output.contains(address) }
    }

    @Test("A port that is taken is named, with 69", arguments: ["idp", "api"])
    func busyPort(part: String) throws {
        let address = "127.0.0.1:\(try freePort())"
        let first = try ChildProcess([try program, part, "--listen", address])
        defer { first.end() }
        try eventually("start") { first.output.contains("Ctrl-C") }
        // Often, since its other threads are at work when it ends, and no library may be taken from under them.
        for _ in 1...Rounds.of(30) {
            let second = try ChildProcess.run([try program, part, "--listen", address])
            #expect(second.code == 69 && second.output.contains("\(address) is in use"))
        }
    }

    @Test("It prints where it is and who can sign in, and a signal ends it with 0")
    func banner() throws {
        let port = try freePort()
        let child = try ChildProcess([try program, "idp", "--listen", "127.0.0.1:\(port)"])
        defer { child.end() }
        try eventually("start") { child.output.contains("Ctrl-C") }
        for text in ["http://127.0.0.1:\(port)", "alice, bob, carol, dave", "http://localhost:8080/bff/callback"] {
            #expect(child.output.contains(text))
        }
        let answer = try exchange(
            port: port,
            Array("GET /.well-known/openid-configuration HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
        )
        #expect(String(decoding: answer, as: UTF8.self).contains("\"postern_development_provider\":true"))
        child.signal(SIGTERM)
        #expect(try child.wait() == 0)
    }

    @Test("H19 a signal rotates the signing key while the provider runs")
    func rotation() throws {
        let port = try freePort()
        let child = try ChildProcess([try program, "idp", "--listen", "127.0.0.1:\(port)", "--algorithm", "ES256"])
        defer { child.end() }
        try eventually("start") { child.output.contains("Ctrl-C") }
        func keys() throws -> Int {
            let request = "GET /jwks HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            let answer = try exchange(port: port, Array(request.utf8))
            return String(decoding: answer, as: UTF8.self).matches(of: /"kid":/).count
        }
        #expect(try keys() == 1)
        child.signal(SIGUSR2)
        try eventually("a second key") { try keys() == 2 }
    }

    @Test(
        "Help is on standard output, with 0",
        arguments: [["--help"], ["help"], ["idp", "--help"], ["help", "api"], ["api", "-h"]])
    func help(words: [String]) throws {
        let outcome = try ChildProcess.run([try program] + words)
        #expect(outcome.code == 0 && outcome.output.contains("usage: postern-dev"))
    }
}
