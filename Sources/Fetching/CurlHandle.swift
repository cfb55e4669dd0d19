import CCurl

/// One libcurl easy handle with what it points to.
///
/// Lives and dies on the fetch thread.
@safe
struct CurlHandle: ~Copyable {
    let pointer: UnsafeMutableRawPointer
    private var lists: UnsafeMutablePointer<curl_slist>?
    private let url: OpaquePointer
    /// Lower case.
    let scheme: String
    /// Lower case, IPv6 in brackets.
    let host: String
    /// The first option libcurl refused; checked once, before the transfer starts.
    private var refusal = CURLE_OK

    /// Parses `url` once; judgement and connection use the same parse.
    init(url text: String) throws(FetchFailure) {
        guard CurlLibrary.isReady, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw .badRequest }
        guard let url = unsafe curl_url() else { throw .overloaded }
        guard unsafe curl_url_set(url, CURLUPART_URL, text, UInt32(CURLU_DISALLOW_USER)) == CURLUE_OK,
            let scheme = unsafe Self.part(CURLUPART_SCHEME, of: url),
            let host = unsafe Self.part(CURLUPART_HOST, of: url),
            unsafe Self.part(CURLUPART_FRAGMENT, of: url) == nil, !text.utf8.contains(UInt8(ascii: "#"))
        else {
            unsafe curl_url_cleanup(url)
            throw .badRequest
        }
        guard let pointer = unsafe curl_easy_init() else {
            unsafe curl_url_cleanup(url)
            throw .overloaded
        }
        unsafe self.url = url
        unsafe self.pointer = pointer
        unsafe lists = nil
        self.scheme = scheme.lowercased()
        self.host = host.lowercased()
        unsafe set(CURLOPT_CURLU, pointer: UnsafeMutableRawPointer(url))
    }

    deinit {
        unsafe curl_easy_cleanup(pointer)
        unsafe curl_slist_free_all(lists)
        unsafe curl_url_cleanup(url)
    }

    private static func part(_ part: CURLUPart, of url: OpaquePointer) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard unsafe curl_url_get(url, part, &text, 0) == CURLUE_OK, let text = unsafe text else { return nil }
        defer { unsafe curl_free(text) }
        return unsafe String(validatingCString: text)
    }

    var accepted: Bool { refusal == CURLE_OK }

    private mutating func note(_ code: CURLcode) {
        if refusal == CURLE_OK { refusal = code }
    }

    mutating func set(_ option: CURLoption, _ value: Int) { unsafe note(postern_curl_set_long(pointer, option, value)) }
    mutating func set(_ option: CURLoption, size: Int) {
        unsafe note(postern_curl_set_size(pointer, option, curl_off_t(size)))
    }
    /// Nil resets the option.
    mutating func set(_ option: CURLoption, _ value: String?) {
        guard let value else {
            unsafe note(postern_curl_set_text(pointer, option, nil))
            return
        }
        unsafe note(postern_curl_set_text(pointer, option, value))
    }
    mutating func set(_ option: CURLoption, pointer value: UnsafeMutableRawPointer?) {
        unsafe note(postern_curl_set_pointer(pointer, option, value))
    }

    /// The field lines to send; call once.
    mutating func setHeaders(_ lines: [String]) {
        for line in lines {
            guard let longer = unsafe curl_slist_append(lists, line) else {
                note(CURLE_OUT_OF_MEMORY)
                return
            }
            unsafe lists = longer
        }
        unsafe note(postern_curl_set_list(pointer, CURLOPT_HTTPHEADER, lists))
    }

    /// Trusts `path` beside the system's certificates.
    mutating func trust(ca path: String) {
        var directory: UnsafePointer<CChar>?
        unsafe postern_curl_get_text(pointer, CURLINFO_CAPATH, &directory)
        if unsafe directory != nil {
            // The system's hashed directory stays; only its single-file bundle gives way to ours.
            set(CURLOPT_CAINFO, path)
            return
        }
        var bundle: UnsafePointer<CChar>?
        unsafe postern_curl_get_text(pointer, CURLINFO_CAINFO, &bundle)
        let system = unsafe bundle.flatMap { unsafe String(validatingCString: $0) }
        guard let ours = SmallFile.read(path) else {
            note(CURLE_SSL_CACERT_BADFILE)
            return
        }
        var both = system.flatMap { SmallFile.read($0) } ?? []
        both.append(UInt8(ascii: "\n"))
        both += ours
        let count = both.count
        unsafe both.withUnsafeMutableBytes { unsafe note(postern_curl_set_ca_blob(pointer, $0.baseAddress, count)) }
    }

    func long(_ info: CURLINFO) -> Int {
        var value = 0
        unsafe postern_curl_get_long(pointer, info, &value)
        return value
    }

    func size(_ info: CURLINFO) -> Int {
        var value: curl_off_t = 0
        unsafe postern_curl_get_size(pointer, info, &value)
        return Int(value)
    }
}

/// libcurl's process-wide set-up.
enum CurlLibrary {
    /// False when libcurl could not initialize; initialization itself is thread-safe as a lazy global.
    static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
}
