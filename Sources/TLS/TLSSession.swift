package import Bytes
internal import COpenSSL

/// One end of a TLS connection (RFC 8446, RFC 5246): bytes in, bytes out.
///
/// It keeps what OpenSSL knows of the connection, and the part of a record that has come so far; nothing else waits here.
@safe
package final class TLSSession: ByteCipher {
    private let session: OpaquePointer
    /// The context, whose callbacks OpenSSL may call as long as the session lives.
    private let context: AnyObject
    private var resumption: TLSResumption?
    /// Most connections never have one, and so no room for it.
    private var failure: Failure?
    // What is small stands together: with a byte more the allocator's next size would be needed.
    package private(set) var isHandshaking = true
    package private(set) var applicationProtocol: ApplicationProtocol?
    package private(set) var isResumed = false
    package private(set) var hearsPlainHTTP = false
    /// A client's first byte has not come.
    private var awaitsFirstByte = false

    package var failureReason: StaticString? { failure?.reason }

    /// The most that one record holds.
    private static let recordSize = 16 << 10

    init?(_ context: SecureContext, keeping owner: AnyObject) {
        guard let session = unsafe SSL_new(context.pointer) else {
            ERR_clear_error()
            return nil
        }
        unsafe self.session = session
        self.context = owner
    }

    deinit {
        // Else OpenSSL takes the session for one that was cut off and refuses to resume it; a cut is seen by its framing,
        // not by forgetting keys.
        if failureReason == nil { unsafe SSL_set_shutdown(session, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN) }
        unsafe SSL_free(session)
    }

    // MARK: The beginning

    func awaitClient() {
        unsafe SSL_set_accept_state(session)
        awaitsFirstByte = true
    }

    /// Names the server that is wanted; false when that is no name.
    func greet(_ host: String, verifies: Bool, _ resumption: TLSResumption, of context: SecureContext) -> Bool {
        unsafe SSL_set_connect_state(session)
        self.resumption = resumption
        resumption.begin(with: context)
        unsafe SSL_set_ex_data(session, 0, Unmanaged.passUnretained(resumption).toOpaque())
        let isAddress = unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host) == 1
        if !isAddress {
            // What is asked for is what is checked (RFC 6066, section 3: names only).
            unsafe SSL_set_hostflags(session, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
            guard unsafe SSL_set1_host(session, host) == 1, unsafe postern_tls_ask_for(session, host) == 1 else {
                ERR_clear_error()
                return false
            }
        }
        unsafe resumption.offer(in: session, of: context)
        ERR_clear_error()
        return true
    }

    // MARK: Bytes

    package func open(_ sealed: Span<UInt8>, into plain: inout ByteBuffer, answers: inout ByteBuffer) -> CipherNews {
        if failureReason != nil { return .failed }
        if awaitsFirstByte, !sealed.isEmpty {
            awaitsFirstByte = false
            // Methods are words in capitals; a record begins with its type, 20 to 24, and hellos of old with 128 or more.
            if sealed[0] >= UInt8(ascii: "A"), sealed[0] <= UInt8(ascii: "Z") {
                hearsPlainHTTP = true
                failure = Failure("plain_http")
                return .failed
            }
        }
        return unsafe sealed.withUnsafeBufferPointer { input in
            unsafe withWire(input, &answers) { advance(&plain) }
        }
    }

    package func seal(_ plain: Span<UInt8>, into sealed: inout ByteBuffer) -> Bool {
        if plain.isEmpty { return true }
        if failureReason != nil || isHandshaking { return false }
        return unsafe plain.withUnsafeBufferPointer { bytes in
            let none = unsafe UnsafeBufferPointer<UInt8>(start: nil, count: 0)
            return unsafe withWire(none, &sealed) {
                var written = 0
                let status = unsafe SSL_write_ex(session, bytes.baseAddress, bytes.count, &written)
                // The wire takes everything, so nothing is ever written in part.
                if status == 1, written == bytes.count { return true }
                note(SSL_ERROR_SSL)
                return false
            }
        }
    }

    package func sayGoodbye(into sealed: inout ByteBuffer) {
        if failureReason != nil || isHandshaking { return }
        let none = unsafe UnsafeBufferPointer<UInt8>(start: nil, count: 0)
        unsafe withWire(none, &sealed) {
            _ = unsafe SSL_shutdown(session)
            ERR_clear_error()
        }
    }

    /// New keys for our direction, and a wish for new ones for the other (RFC 8446, section 4.6.3): with the next bytes.
    package func updateKeys() { _ = unsafe SSL_key_update(session, SSL_KEY_UPDATE_REQUESTED) }

    private func withWire<Answer>(
        _ input: UnsafeBufferPointer<UInt8>, _ output: inout ByteBuffer, _ body: () -> Answer
    ) -> Answer {
        unsafe withUnsafeMutablePointer(to: &output) { output in
            var wire = unsafe TLSWire(input, output)
            return unsafe withUnsafeMutablePointer(to: &wire) { wire in
                unsafe WireMethod.shared.lend(to: session, wire) {
                    // OpenSSL takes what is left there for an error of the next call.
                    ERR_clear_error()
                    return body()
                }
            }
        }
    }

    private func advance(_ plain: inout ByteBuffer) -> CipherNews {
        if isHandshaking {
            let status = unsafe SSL_do_handshake(session)
            if status != 1 { return judge(status) }
            isHandshaking = false
            isResumed = unsafe SSL_session_reused(session) == 1
            applicationProtocol = agreed()
        }
        while true {
            var status: Int32 = 0
            _ = unsafe plain.write(space: Self.recordSize) { room in
                var count = 0
                status = unsafe SSL_read_ex(session, room.baseAddress, room.count, &count)
                return count
            }
            if status != 1 { return judge(status) }
        }
    }

    private func judge(_ status: Int32) -> CipherNews {
        switch unsafe SSL_get_error(session, status) {
        case SSL_ERROR_WANT_READ: return .goesOn
        case SSL_ERROR_ZERO_RETURN: return .ended
        case let error:
            note(error)
            return .failed
        }
    }

    private func note(_ error: Int32) {
        let verdict = unsafe SSL_get_verify_result(session)
        failure = Failure(TLSFailure.reason(error, ERR_peek_error(), verdict))
        ERR_clear_error()
    }

    private func agreed() -> ApplicationProtocol? {
        var name: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        unsafe SSL_get0_alpn_selected(session, &name, &count)
        let chosen = unsafe UnsafeBufferPointer(start: name, count: Int(count))
        if unsafe chosen.elementsEqual("h2".utf8) { return .http2 }
        return unsafe chosen.elementsEqual("http/1.1".utf8) ? .http1 : nil
    }
}

private final class Failure {
    let reason: StaticString

    init(_ reason: StaticString) { self.reason = reason }
}
