import Foundation
import TestSupport
import Testing

extension ProductTests {
    /// An upstream's name whose address changes, in a namespace where `/etc/hosts` is a file of the test's.
    @Suite struct Names {
        /// What the gateway finds where the machine's own files are otherwise.
        private struct Hosts {
            let folder: TemporaryFolder
            var file: String { folder.path + "/hosts" }

            init() throws {
                folder = try TemporaryFolder("names")
                try write("")
                // No servers of the network, which would be asked for what the file does not know.
                try "hosts: files\n".write(toFile: folder.path + "/nsswitch.conf", atomically: true, encoding: .utf8)
            }

            /// In place: what is mounted is this very file.
            func write(_ text: String) throws {
                try text.write(toFile: file, atomically: false, encoding: .utf8)
            }

            /// Starts a program that sees these files; as somebody who may mount, or as nobody special where that is allowed.
            var launcher: [String] {
                let mounts = ["hosts", "nsswitch.conf"].map { "mount --bind \(folder.path)/\($0) /etc/\($0)" }
                return ["/usr/bin/unshare", getuid() == 0 ? "-m" : "-rm", "/bin/sh", "-c"]
                    + [(mounts + ["exec \"$@\""]).joined(separator: " && "), "sh"]
            }
        }

        /// A server at an address of its own that says who it is.
        private static func server(_ name: String, _ address: UInt32, port: UInt16) throws -> ScriptedServer {
            try ScriptedServer(timeout: .seconds(60), address: address, port: port) { peer, _ in
                while true {
                    try peer.receiveHead()
                    try peer.send(EchoUpstream.answer(name))
                }
            }
        }

        @Test(
            "A name is asked for again every `dns_refresh` while it is used; when nobody knows it, its last address serves",
            // Over connections that are kept, and over new ones.
            arguments: ["", ", keep_alive: 0"])
        func refresh(more: String) async throws {
            try await onThread {
                let hosts = try Hosts()
                let one = try Self.server("one", 0x7F00_0001, port: 0)
                let two = try Self.server("two", 0x7F00_0002, port: one.port)
                try hosts.write("127.0.0.1 moving.test\n")
                var options = GatewayUnderTest.Options()
                options.launcher = hosts.launcher
                options.upstreams = [
                    "moving":
                        "{ servers: [ \"http://moving.test:\(one.port)\" ], dns_refresh: 100ms, tolerate: [ plain_http ]\(more) }"
                ]
                options.routes = ["{ path: /, upstream: moving, access: public }"]
                options.workers = 1
                let stage = try Stage(options)
                let browser = TestBrowser()
                func ask() throws -> String {
                    let answer = try browser.askOnce(stage.url("/"), .tool)
                    return answer.status == 200 ? answer.text : "\(answer.head)"
                }
                #expect(try ask() == "one")
                try hosts.write("127.0.0.2 moving.test\n")
                try eventually("the traffic moves") { try ask() == "two" }
                // Nobody knows the name any more, as when a resolver is ill: ten times over.
                try hosts.write("")
                let until = Date().addingTimeInterval(1)
                while Date() < until { #expect(try ask() == "two") }
                try hosts.write("127.0.0.1 moving.test\n")
                try eventually("the traffic moves back") { try ask() == "one" }
                #expect(two.connections >= 1)
            }
        }
    }
}
