/// What the name or address of a machine says about the way to it.
enum NetworkName {
    /// `localhost`, 127.0.0.0/8 or ::1, with or without brackets: what is sent there does not leave the machine.
    static func isLoopback(_ host: String) -> Bool {
        let name = host.lowercased()
        if ["localhost", "[::1]", "::1"].contains(name) { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// Loopback to a browser: names that end in `.localhost` too (RFC 6761, section 6.3).
    ///
    /// Other programs ask a resolver, which may know nothing of that rule.
    static func isLoopbackToBrowsers(_ host: String) -> Bool {
        isLoopback(host) || host.lowercased().hasSuffix(".localhost")
    }
}
