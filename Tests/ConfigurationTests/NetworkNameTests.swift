import Testing

@testable import Configuration

@Suite struct NetworkNameTests {
    @Test(
        "CIDR notation and unix are networks",
        arguments: [
            "unix", "10.0.0.0/8", "0.0.0.0/0", "192.0.2.7/32", "::/0", "fd00::/8", "2001:DB8::/32",
            "::ffff:10.0.0.0/104",
        ])
    func networks(text: String) { #expect(NetworkName.isNetwork(text)) }

    @Test(
        "Everything else is none",
        arguments: [
            "", "foo", "Unix", "unix:/run/x", "10.0.0.0", "10.0.0.0/", "/8", "10.0.0.0/33", "10.0.0.0/08",
            "10.0.0.0/-1",
            "10.0.0/8", "10.0.0.0./8", "localhost/8", "a.b/8", "fd00::", "fd00::/129", "[fd00::]/8", "fe80::1%eth0/64",
            "10.0.0.0/8/8", " 10.0.0.0/8", "dead/8", "256.0.0.0/8",
        ])
    func others(text: String) { #expect(!NetworkName.isNetwork(text)) }

    @Test(
        "RFC 8707 names of resources are absolute URIs without a fragment",
        arguments: [
            ("https://api.example.com", true), ("https://api.example.com/v1?x=1", true), ("urn:example:api", true),
            ("api://guid", true), ("https://a#f", false), ("https://a#", false), ("relative", false), ("/path", false),
            ("https:", false), (":x", false), ("1a:x", false), ("https://a b", false), ("https://é", false),
        ])
    func resources(text: String, isGood: Bool) { #expect(AbsoluteURI.isWellFormed(text) == isGood) }
}
