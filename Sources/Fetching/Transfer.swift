import CCurl
import Formats
import Glibc
import Time

/// One call on its way.
///
/// Lives on the fetch thread; libcurl's callbacks only append to it.
@safe
final class Transfer {
    let id: UInt64
    let request: FetchRequest
    let deadline: Instant
    private let reply: CheckedContinuation<Result<FetchResponse, FetchFailure>, Never>
    private var handle: CurlHandle
    private let sent: [UInt8]
    private let proxy: String?

    private var sentCount = 0
    private var headers: [(name: String, value: String)] = []
    private var headerBytes = 0
    private var body: [UInt8] = []
    private var scope: AddressScope?
    private var addressWasRefused = false
    /// True from the moment at which the request begins to leave.
    private var started = false
    /// Why a callback stopped the transfer.
    private var stop: FetchFailure?

    /// The largest head that is accepted, in bytes.
    private static let headerLimit = 64 << 10

    init(
        id: UInt64, request: FetchRequest, deadline: Instant, proxies: ProxyRules,
        reply: CheckedContinuation<Result<FetchResponse, FetchFailure>, Never>
    ) throws(FetchFailure) {
        let handle = try CurlHandle(url: request.url)
        guard handle.scheme == "https" || handle.scheme == "http" && request.allowsPlainHTTP,
            request.headers.allSatisfy({ Self.isFieldLine($0.name, $0.value) }),
            request.host.map({ Self.isFieldLine("Host", $0) }) ?? true
        else { throw .badRequest }
        // A literal address is judged even when a proxy connects in our place.
        if let literal = AddressScope(host: handle.host), !request.reach.contains(literal) { throw .addressRefused }
        self.id = id
        self.request = request
        self.deadline = deadline
        self.reply = reply
        proxy = proxies.proxy(scheme: handle.scheme, host: handle.host)
        if case .post(let bytes) = request.method { sent = bytes } else { sent = [] }
        self.handle = handle
    }

    /// Scheme and host: calls are bounded by it, so that one dead provider cannot hold up the others.
    var origin: String { handle.scheme + "://" + handle.host }

    /// The easy handle; libcurl gives it back when the transfer is done.
    var pointer: UnsafeMutableRawPointer { unsafe handle.pointer }

    private static func isFieldLine(_ name: String, _ value: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
            && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }

    /// Sets every option; throws when libcurl refuses one.
    func prepare(now: Instant) throws(FetchFailure) {
        let remaining = Int(clamping: deadline.since(now).milliseconds)
        guard remaining > 0 else { throw .overloaded }
        handle.set(CURLOPT_NOSIGNAL, 1)
        handle.set(CURLOPT_PROTOCOLS_STR, request.allowsPlainHTTP ? "https,http" : "https")
        handle.set(CURLOPT_FOLLOWLOCATION, 0)
        // HTTP/1.1: one call, one connection, and "was it sent" has an answer.
        handle.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        handle.set(CURLOPT_TIMEOUT_MS, remaining)
        handle.set(CURLOPT_CONNECTTIMEOUT_MS, min(remaining, Int(clamping: request.connectTimeout.milliseconds)))
        handle.set(CURLOPT_MAXAGE_CONN, 50)
        handle.set(CURLOPT_PROXY, proxy ?? "")
        handle.set(CURLOPT_NOPROXY, "")
        handle.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        handle.set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        if let ca = request.trust.ca {
            handle.trust(ca: ca)
        } else {
            // With a bundle file alone libcurl keeps the parsed certificates for later connections.
            handle.set(CURLOPT_CAPATH, nil)
        }
        if let certificate = request.trust.certificate { handle.set(CURLOPT_SSLCERT, certificate) }
        if let key = request.trust.key { handle.set(CURLOPT_SSLKEY, key) }
        var lines = request.headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        if let host = request.host { lines.append("Host: \(host)") }
        if case .post = request.method {
            lines.append("Expect:")
            handle.set(CURLOPT_POST, 1)
            handle.set(CURLOPT_POSTFIELDSIZE_LARGE, size: sent.count)
        } else {
            handle.set(CURLOPT_HTTPGET, 1)
        }
        handle.setHeaders(lines)
        setCallbacks()
        if !handle.accepted { throw .badRequest }
    }

    private func setCallbacks() {
        let me = unsafe Unmanaged.passUnretained(self).toOpaque()
        let pointer = unsafe handle.pointer
        unsafe handle.set(CURLOPT_WRITEDATA, pointer: me)
        unsafe handle.set(CURLOPT_HEADERDATA, pointer: me)
        unsafe handle.set(CURLOPT_READDATA, pointer: me)
        unsafe handle.set(CURLOPT_SEEKDATA, pointer: me)
        unsafe handle.set(CURLOPT_OPENSOCKETDATA, pointer: me)
        unsafe handle.set(CURLOPT_PREREQDATA, pointer: me)
        unsafe handle.set(CURLOPT_PRIVATE, pointer: me)
        unsafe postern_curl_on_data(pointer, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            unsafe Transfer.from(context).received(bytes, size * count)
        }
        unsafe postern_curl_on_data(pointer, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            unsafe Transfer.from(context).receivedHeader(bytes, size * count)
        }
        unsafe postern_curl_on_data(pointer, CURLOPT_READFUNCTION) { bytes, size, count, context in
            unsafe Transfer.from(context).read(into: bytes, size * count)
        }
        // libcurl repeats a request whose reused connection died without an answer. A body that was read is not read
        // again, so a code or refresh token never leaves twice (A49).
        unsafe postern_curl_on_seek(pointer) { context, _, _ in
            unsafe Transfer.from(context).sentCount == 0 ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL
        }
        unsafe postern_curl_on_open_socket(pointer) { context, _, address in
            guard let address = unsafe address else { return -1 }
            return unsafe Transfer.from(context).openSocket(address)
        }
        unsafe postern_curl_before_request(pointer) { context, address, _, _, _ in
            unsafe Transfer.from(context).mayBegin(at: address) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
        }
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> Transfer {
        guard let context = unsafe context else { preconditionFailure("libcurl lost its context") }
        return unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    }

    private func received(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        guard count <= request.maximumBytes - body.count else {
            stop = .tooLarge
            return 0
        }
        unsafe body.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
        return count
    }

    private func receivedHeader(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        headerBytes += count
        guard headerBytes <= Self.headerLimit else {
            stop = .tooLarge
            return 0
        }
        let line = unsafe String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
        // The last head counts: interim responses come before it. Trailers come after the body and are of no use.
        if line.hasPrefix("HTTP/") {
            headers.removeAll()
        } else if body.isEmpty, let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            var end = value.endIndex
            while end > value.startIndex, value[value.index(before: end)].isWhitespace {
                end = value.index(before: end)
            }
            headers.append((line[..<colon].lowercased(), String(value[..<end])))
        }
        return count
    }

    private func read(into bytes: UnsafeMutablePointer<CChar>?, _ room: Int) -> Int {
        let count = min(room, sent.count - sentCount)
        unsafe UnsafeMutableRawBufferPointer(start: bytes, count: count).copyBytes(
            from: sent[sentCount..<(sentCount + count)])
        sentCount += count
        return count
    }

    /// Opens the socket for an address, unless it lies further inside than this request may reach (D5).
    ///
    /// The judgement is on the address that is connected to, so a name that resolves differently later gains nothing.
    private func openSocket(_ address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        if proxy == nil {
            guard let found = unsafe Self.scope(of: address), request.reach.contains(found) else {
                addressWasRefused = true
                return -1
            }
        }
        let kind = unsafe address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
        return unsafe socket(address.pointee.family, kind, address.pointee.protocol)
    }

    /// The same judgement once more with the connection in hand: a reused one may have been opened for a request with a
    /// wider reach.
    private func mayBegin(at address: UnsafeMutablePointer<CChar>?) -> Bool {
        if proxy == nil {
            guard let text = unsafe address.flatMap({ unsafe String(validatingCString: $0) }),
                let found = AddressScope(host: text), request.reach.contains(found)
            else {
                addressWasRefused = true
                return false
            }
            scope = found
        }
        started = true
        return true
    }

    private static func scope(of address: UnsafeMutablePointer<curl_sockaddr>) -> AddressScope? {
        switch unsafe address.pointee.family {
        case AF_INET:
            return unsafe withUnsafePointer(to: &address.pointee.addr) { pointer in
                let bits = unsafe UnsafeRawPointer(pointer).loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr
                let value = UInt32(bigEndian: bits)
                return AddressScope(
                    v4: (UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)))
            }
        case AF_INET6:
            // libcurl reserves more room behind `addr` than a sockaddr has, as its documentation says.
            guard let offset = MemoryLayout<curl_sockaddr>.offset(of: \.addr) else { return nil }
            let v6 = unsafe (UnsafeRawPointer(address) + offset).loadUnaligned(as: sockaddr_in6.self)
            return unsafe withUnsafeBytes(of: v6.sin6_addr) { unsafe AddressScope(v6: Array($0)) }
        default: return nil
        }
    }

    /// Hands the outcome to the caller.
    ///
    /// Called once, for every transfer.
    func finish(_ code: CURLcode) {
        if code == CURLE_OK {
            let status = handle.long(CURLINFO_RESPONSE_CODE)
            reply.resume(
                returning: .success(FetchResponse(status: status, headers: headers, body: body, scope: scope)))
        } else {
            fail(failure(for: code))
        }
    }

    func fail(_ failure: FetchFailure) { reply.resume(returning: .failure(failure)) }

    private func failure(for code: CURLcode) -> FetchFailure {
        if let stop { return stop }
        if addressWasRefused && !started { return .addressRefused }
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST: return .dns
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY: return .proxy
        case CURLE_COULDNT_CONNECT:
            return proxy == nil ? .refused : .proxy
        case CURLE_OPERATION_TIMEDOUT: return started ? .timeout : .connectTimeout
        case CURLE_PEER_FAILED_VERIFICATION: return .tls(verification)
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER, CURLE_USE_SSL_FAILED: return .tls(.handshake)
        case CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CRL_BADFILE: return .tls(.localFiles)
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE, CURLE_SEND_FAIL_REWIND:
            let connectAnswer = handle.long(CURLINFO_HTTP_CONNECTCODE)
            if proxy != nil, !started || connectAnswer != 0 && connectAnswer / 100 != 2 { return .proxy }
            return started ? .lost : .refused
        case CURLE_FILESIZE_EXCEEDED: return .tooLarge
        case CURLE_URL_MALFORMAT: return .badRequest
        default: return .protocolViolation
        }
    }

    /// OpenSSL's verdict on the chain.
    ///
    /// libcurl checks the name after the chain and leaves the verdict at 1, its initial value, when the name is wrong.
    private var verification: FetchFailure.TLSReason {
        switch handle.long(CURLINFO_SSL_VERIFYRESULT) {
        case 0, 1, 62, 63, 64: .wrongName
        case 9: .notYetValid
        case 10: .expired
        default: .untrusted
        }
    }
}
