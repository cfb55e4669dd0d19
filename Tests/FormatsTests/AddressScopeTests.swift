import Testing

@testable import Formats

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
}
