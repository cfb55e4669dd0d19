/// How far outside an IP address is, from the Internet inwards to this machine.
package enum AddressScope: String, Sendable, CaseIterable {
    case global
    /// RFC 1918, RFC 6598, unique-local (RFC 4193), and everything else that is not for the public Internet.
    case privateUse
    /// RFC 3927 and fe80::/10: the neighbours, and the metadata services of clouds.
    case linkLocal
    case loopback

    /// The scope of an IPv4 address, most significant byte first.
    package init(v4 byte: (UInt8, UInt8, UInt8, UInt8)) {
        self =
            switch byte {
            // 0.0.0.0/8 connects to this machine.
            case (0, _, _, _), (127, _, _, _): .loopback
            case (169, 254, _, _): .linkLocal
            case (10, _, _, _), (172, 16...31, _, _), (192, 168, _, _), (100, 64...127, _, _), (192, 0, 0, _),
                (198, 18...19, _, _), (192, 0, 2, _), (198, 51, 100, _), (203, 0, 113, _), (224..., _, _, _):
                .privateUse
            default: .global
            }
    }

    /// The scope of an IPv6 address: 16 bytes.
    ///
    /// An address that carries an IPv4 address (mapped, compatible, NAT64, 6to4) is as far out as that one.
    package init(v6 byte: [UInt8]) {
        precondition(byte.count == 16, "an IPv6 address has 16 bytes")
        if byte[0..<15].allSatisfy({ $0 == 0 }), byte[15] <= 1 {
            self = .loopback
        } else if byte[0..<10].allSatisfy({ $0 == 0 }), byte[10] == byte[11], byte[10] == 0 || byte[10] == 0xFF {
            self.init(v4: (byte[12], byte[13], byte[14], byte[15]))
        } else if byte[0..<12] == [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0] {
            self.init(v4: (byte[12], byte[13], byte[14], byte[15]))
        } else if byte[0] == 0x20, byte[1] == 0x02 {
            self.init(v4: (byte[2], byte[3], byte[4], byte[5]))
        } else if byte[0] == 0xFE, byte[1] & 0xC0 == 0x80 {
            self = .linkLocal
        } else if byte[0] & 0xE0 == 0x20 {
            // 2000::/3 is all that is allocated to the Internet; 2001:db8::/32 is for documents.
            self = byte[0..<4] == [0x20, 0x01, 0x0D, 0xB8] ? .privateUse : .global
        } else {
            self = .privateUse
        }
    }

    /// The scope of a host that is written as an address; nil for names other than `localhost` and those below it.
    package init?(host: String) {
        var name = host.lowercased()
        if name.hasSuffix(".") { name.removeLast() }
        if name == "localhost" || name.hasSuffix(".localhost") {
            self = .loopback
            return
        }
        if name.hasPrefix("["), name.hasSuffix("]") { name = String(name.dropFirst().dropLast()) }
        if let zone = name.firstIndex(of: "%") { name = String(name[..<zone]) }
        if let address = IPv6Literal(name) {
            self.init(v6: address.bytes)
        } else if let address = IPv4Quad(name) {
            self.init(v4: (address.octets[0], address.octets[1], address.octets[2], address.octets[3]))
        } else {
            return nil
        }
    }
}
