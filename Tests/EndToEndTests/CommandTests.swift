import Foundation
import TestSupport
import Testing

extension ProductTests {
    /// What the command line says and ends with (contract, section 1).
    @Suite struct Commands {
        private func run(_ words: String...) throws -> (code: Int32, output: String) {
            let command = try ChildProcess([GatewayUnderTest.program] + words)
            return (try command.wait(within: 20), command.output)
        }

        @Test(
            "What a later version brings is said to be that, and ends with 64",
            arguments: [
                (["init"], "postern init"), (["explain", "GET", "/"], "postern explain"),
                (["doctor"], "postern doctor"),
                (["sessions", "list"], "postern sessions"), (["help", "doctor"], "postern doctor"),
                (["init", "--help"], "postern init"), (["check", "--online"], "postern check --online"),
                (["check", "--config", "x.yaml", "--tests", "y.yaml"], "postern check --tests"),
                (["check", "--tests=y.yaml"], "postern check --tests"),
            ])
        func later(words: [String], name: String) async throws {
            try await onThread {
                let command = try ChildProcess([GatewayUnderTest.program] + words)
                #expect(try command.wait(within: 20) == 64)
                #expect(command.output.contains("`\(name)` is not supported yet"), "\(command.output)")
            }
        }

        @Test("What no version knows is another mistake")
        func unknown() async throws {
            try await onThread {
                let option = try run("check", "--onlin")
                #expect(option.code == 64 && option.output.contains("does not know `--onlin`"), "\(option.output)")
                let command = try run("chek")
                #expect(command.code == 64 && command.output.contains("there is no command `chek`"))
            }
        }

        @Test(
            "Help tells of each command how it is called and what it does",
            arguments: ["serve", "check", "health", "pkce", "keygen", "version"])
        func help(command: String) async throws {
            try await onThread {
                let (code, output) = try run("help", command)
                #expect(code == 0)
                let paragraphs = output.split(separator: "\n\n")
                #expect(paragraphs.first?.hasPrefix("usage: postern \(command)") == true, "\(output)")
                #expect(paragraphs.count > 1, "\(output)")
                #expect(try run(command, "--help").output == output)
            }
        }

        @Test("A configuration that is good may still find no place for its sessions: check says 0, serve 78")
        func checkIsNotServe() async throws {
            try await onThread {
                let folder = try TemporaryFolder("check")
                let file = folder.path + "/postern.yaml"
                let text = """
                    public_url: http://localhost:8080
                    listen: [{ address: "127.0.0.1:0" }]
                    provider: { issuer: "https://id.example.com", client_id: postern }
                    session: { store: "sqlite:///proc/nowhere/sessions.db" }
                    upstreams: { api: "http://127.0.0.1:3000" }
                    routes: [{ path: /, upstream: api }]
                    admin: null

                    """
                try text.write(toFile: file, atomically: true, encoding: .utf8)
                #expect(try run("check", "--config", file).code == 0)
                #expect(try run("serve", "--config", file).code == 78)
                let help = try run("help", "check").output
                #expect(!help.contains("would") && help.contains("the\nstore can be opened"), "\(help)")
            }
        }
    }
}
