import COpenSSL

@testable import TLS

/// What no client of ours does, for servers that must bear it.
extension TLSClientContext {
    func speakOnlyTLS12() { SSL_CTX_ctrl(context.pointer, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(TLS1_2_VERSION), nil) }

    /// Offers one protocol, or none.
    func offer(_ name: String?) {
        let list = name.map { [UInt8($0.utf8.count)] + Array($0.utf8) } ?? []
        SSL_CTX_set_alpn_protos(context.pointer, list, UInt32(list.count))
    }
}
