internal import COpenSSL
private import Threads

/// The keys that seal session tickets (RFC 5077), shared by everything in a process that resumes sessions.
///
/// Whoever has such a key can read what was said over the sessions it sealed, under TLS 1.2, so none lives long: they are
/// made here, leave the process never, and ``rotate()`` replaces them. What the key before sealed still opens, and is
/// sealed anew; tickets live for two rotations at most.
package final class TicketKeys: Sendable {
    private struct Key {
        let name: [UInt8]
        let cipher: [UInt8]
        let mac: [UInt8]

        init() {
            name = Self.random(16)
            cipher = Self.random(32)
            mac = Self.random(32)
        }

        private static func random(_ count: Int) -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: count)
            let status = unsafe RAND_bytes(&bytes, Int32(count))
            // A guessable key is worse than no process.
            precondition(status == 1, "no randomness")
            return bytes
        }
    }

    /// How long a ticket may be used, in seconds; rotations are half as far apart.
    static let lifetime = 7200
    /// The keys at any time: one that seals, those before it that open.
    private static let most = 3

    private let keys = Locked([Key()])

    package init() {}

    /// How often ``rotate()`` should be called.
    package static let rotation = Duration.seconds(lifetime / 2)

    /// From now on a fresh key seals.
    package func rotate() {
        keys.withLock { keys in
            keys.insert(Key(), at: 0)
            keys = Array(keys.prefix(Self.most))
        }
    }

    /// Makes the contexts seal and open tickets with these keys, which must outlive it.
    func serve(_ context: SecureContext) {
        unsafe SSL_CTX_set_ex_data(context.pointer, 0, Unmanaged.passUnretained(self).toOpaque())
        unsafe SSL_CTX_set_timeout(context.pointer, Int(Self.lifetime))
        unsafe SSL_CTX_set_tlsext_ticket_key_evp_cb(context.pointer) { session, name, vector, cipher, mac, seals in
            guard let kept = unsafe SSL_CTX_get_ex_data(SSL_get_SSL_CTX(session), 0), let name = unsafe name,
                let vector = unsafe vector
            else { return -1 }
            let keys = unsafe Unmanaged<TicketKeys>.fromOpaque(kept).takeUnretainedValue()
            if seals == 1 { return unsafe keys.seal(name, vector, cipher, mac) }
            return unsafe keys.open(name, vector, cipher, mac)
        }
    }

    private func seal(
        _ name: UnsafeMutablePointer<UInt8>, _ vector: UnsafeMutablePointer<UInt8>, _ cipher: OpaquePointer?,
        _ mac: OpaquePointer?
    ) -> Int32 {
        let key = keys.withLock { $0[0] }
        guard unsafe RAND_bytes(vector, EVP_MAX_IV_LENGTH) == 1 else { return -1 }
        unsafe name.update(from: key.name, count: 16)
        var macKey = key.mac
        let isSet = unsafe EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nil, key.cipher, vector) == 1
        guard isSet, unsafe postern_mac_use_key(mac, &macKey, macKey.count) == 1 else { return -1 }
        return 1
    }

    /// 0: a ticket of somebody else or of long ago, so the handshake is a full one; 2: good, and to be sealed anew.
    private func open(
        _ name: UnsafeMutablePointer<UInt8>, _ vector: UnsafeMutablePointer<UInt8>, _ cipher: OpaquePointer?,
        _ mac: OpaquePointer?
    ) -> Int32 {
        let wanted = unsafe [UInt8](UnsafeBufferPointer(start: name, count: 16))
        let found = keys.withLock { keys in keys.firstIndex { $0.name == wanted }.map { ($0, keys[$0]) } }
        guard let (age, key) = found else { return 0 }
        var macKey = key.mac
        let isSet = unsafe EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nil, key.cipher, vector) == 1
        guard isSet, unsafe postern_mac_use_key(mac, &macKey, macKey.count) == 1 else { return -1 }
        return age == 0 ? 1 : 2
    }
}
