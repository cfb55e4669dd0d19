import Foundation
import Testing

@testable import Fetching

@Suite("AddressScope") struct AddressScopeTests {
    @Test(
        "D5 addresses are judged by how far outside they are",
        arguments: [
            ("127.0.0.1", AddressScope.loopback), ("127.255.255.254", .loopback), ("0.0.0.0", .loopback),
            ("[::1]", .loopback),
            ("::", .loopback), ("[::ffff:127.0.0.1]", .loopback), ("::ffff:0:7f00:1", .privateUse),
            ("::127.0.0.1", .loopback),
            ("64:ff9b::7f00:1", .loopback), ("2002:7f00:1::", .loopback), ("localhost", .loopback),
            ("LOCALHOST.", .loopback),
            ("a.localhost", .loopback), ("169.254.169.254", .linkLocal), ("[fe80::1]", .linkLocal),
            ("fe80::1%eth0", .linkLocal),
            ("::ffff:169.254.169.254", .linkLocal), ("10.0.0.1", .privateUse), ("172.16.0.1", .privateUse),
            ("172.31.255.255", .privateUse), ("192.168.0.1", .privateUse), ("100.64.0.1", .privateUse),
            ("198.18.0.1", .privateUse), ("192.0.2.1", .privateUse), ("224.0.0.1", .privateUse),
            ("255.255.255.255", .privateUse),
            ("fd00:ec2::254", .privateUse), ("fc00::1", .privateUse), ("fec0::1", .privateUse),
            ("ff02::1", .privateUse),
            ("2001:db8::1", .privateUse), ("::ffff:10.0.0.1", .privateUse), ("172.15.255.255", .global),
            ("172.32.0.1", .global), ("100.63.255.255", .global), ("100.128.0.1", .global), ("8.8.8.8", .global),
            ("[2606:4700::1111]", .global), ("64:ff9b::808:808", .global),
        ])
    func scopes(host: String, scope: AddressScope) { #expect(AddressScope(host: host) == scope) }

    @Test(
        "Names have no scope of their own",
        arguments: ["example.com", "localhost.example.com", "xlocalhost", "1.2.3", ""])
    func names(host: String) { #expect(AddressScope(host: host) == nil) }

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
