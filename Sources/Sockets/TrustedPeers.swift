/// Peers whose word about others is taken: the contract's `trusted_proxies`.
package struct TrustedPeers: Sendable, Equatable {
    package var blocks: [AddressBlock]
    /// Whoever comes through a unix socket's file.
    package var includesUnix: Bool

    /// Nobody, unless said otherwise.
    package init(blocks: [AddressBlock] = [], includesUnix: Bool = false) {
        self.blocks = blocks
        self.includesUnix = includesUnix
    }

    package var isEmpty: Bool { blocks.isEmpty && !includesUnix }

    package func contains(_ peer: PeerAddress) -> Bool {
        if let ip = peer.ip { contains(ip) } else { includesUnix }
    }

    package func contains(_ address: IPAddress) -> Bool {
        for block in blocks where block.contains(address) { return true }
        return false
    }
}
