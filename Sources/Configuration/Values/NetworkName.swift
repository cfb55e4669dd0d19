import Formats

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

    /// A network in CIDR notation (RFC 4632, RFC 4291, section 2.3), or `unix`: all who come through a socket's file.
    static func isNetwork(_ text: String) -> Bool {
        if text == "unix" { return true }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let length = Int(parts[1]), "\(length)" == parts[1] else { return false }
        let address = parts[0]
        // Without names, zones and brackets, which a host may have and a network has not.
        guard address.utf8.allSatisfy(isAddressByte), address.last != ".", AddressScope(host: String(address)) != nil
        else { return false }
        return (0...(address.contains(":") ? 128 : 32)).contains(length)
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (97...102).contains(byte | 0x20) || byte == UInt8(ascii: ":")
            || byte == UInt8(ascii: ".")
    }
}
