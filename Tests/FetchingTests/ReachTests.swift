import Fetching
import Formats
import Foundation
import Testing

@Suite("Reach") struct ReachTests {
    private func fetch(_ url: String, _ reach: Set<AddressScope>, _ fetcher: Fetcher) async throws -> FetchResponse {
        var request = FetchRequest(url: url)
        request.allowsPlainHTTP = true
        request.reach = reach
        return try await fetcher.fetch(request)
    }

    @Test("D5 an address further inside than allowed is never connected to")
    func refused() async throws {
        let fetcher = try Fetcher()
        let peer = try LoopbackPeer { _, _ in ok("") }
        defer { peer.stop() }
        for host in ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "0", "127.1"] {
            await #expect(throws: FetchFailure.addressRefused, "\(host)") {
                try await fetch("http://\(host):\(peer.port)/", [.global, .privateUse], fetcher)
            }
        }
        for url in ["http://169.254.169.254/", "https://127.0.0.1/", "http://[::1]/", "http://10.1.2.3/"] {
            await #expect(throws: FetchFailure.addressRefused, "\(url)") { try await fetch(url, [.global], fetcher) }
        }
        #expect(peer.connections == 0)
    }

    /// The name of this machine resolves to one of its own addresses, nearly everywhere.
    private static let ownName: String? = {
        let name = ProcessInfo.processInfo.hostName
        return Host(name: name).addresses.contains { ["127.0.0.1", "127.0.1.1"].contains($0) } ? name : nil
    }()

    @Test(
        "D5 a name is judged by the address it resolves to, on a new and on a reused connection",
        .enabled(if: ownName != nil || FileManager.default.contents(atPath: "/etc/hosts") != nil))
    func resolved() async throws {
        let hosts = String(decoding: FileManager.default.contents(atPath: "/etc/hosts") ?? Data(), as: UTF8.self)
        let names = hosts.split(separator: "\n").filter { $0.hasPrefix("127.0.0.1") }
            .flatMap { $0.split(whereSeparator: \.isWhitespace).dropFirst().map(String.init) }
        guard let name = Self.ownName ?? names.first(where: { AddressScope(host: $0) == nil }) else { return }
        let fetcher = try Fetcher()
        let peer = try LoopbackPeer { _, _ in ok("") }
        defer { peer.stop() }
        let url = "http://\(name):\(peer.port)/"
        await #expect(throws: FetchFailure.addressRefused) { try await fetch(url, [.global], fetcher) }
        #expect(peer.connections == 0)
        #expect(try await fetch(url, [.loopback], fetcher).scope == .loopback)
        await #expect(throws: FetchFailure.addressRefused) { try await fetch(url, [.global], fetcher) }
        #expect(peer.requests.count == 1)
    }
}
