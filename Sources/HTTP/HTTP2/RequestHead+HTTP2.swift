internal import Bytes

extension RequestHead.Content {
    /// Makes a request of a header block that was read into `fields`, and judges it as HTTP/1's are judged (G80, G81).
    ///
    /// - Parameter hasEnded: no body follows.
    mutating func adopt(_ block: HeaderBlock, hasEnded: Bool) throws(HTTP1Error) {
        if let failure = block.failure { throw failure }
        line.version = .http2
        guard let method = block.method, let scheme = block.scheme, let path = block.path else {
            // CONNECT has neither scheme nor path (RFC 9113, section 8.5), and no place here (G16).
            if let method = block.method, text(method).equals("CONNECT") { throw .connectRefused }
            throw .malformedRequestLine
        }
        guard Token.isToken(text(method)) else { throw .malformedRequestLine }
        if method.count > RequestLine.longestMethod { throw .methodTooLong }
        line.methodName = method
        line.method = Method(text(method))
        // What it says is not believed: whether a request came over TLS is the connection's to know. But nothing that could
        // become part of a target may stand there.
        guard text(scheme).equalsIgnoringCase("https") || text(scheme).equalsIgnoringCase("http") else {
            throw .invalidTarget
        }
        try adoptTarget(path)
        if let authority = block.authority { line.authority = authority }
        if line.method == .connect { try adoptUpgrade(block, method, hasEnded: hasEnded) }
        try judge(hasEnded: hasEnded)
    }

    /// Origin-form, or `*` for OPTIONS: `:path` is never anything else (RFC 9113, section 8.3.1).
    private mutating func adoptTarget(_ path: Range<Int>) throws(HTTP1Error) {
        guard !path.isEmpty, ByteScan.isTarget(text(path)) else { throw .invalidTarget }
        line.received = path
        line.target = path
        if fields.storage.bytes[path.lowerBound] == UInt8(ascii: "/") { return }
        guard line.method == .options, text(path).equals("*") else { throw .invalidTarget }
        line.form = .asterisk
    }

    /// An extended CONNECT for a WebSocket becomes what it stands for: GET with `Upgrade: websocket` (RFC 8441, section 5;
    /// G60).
    ///
    /// Every later stage then treats both alike.
    private mutating func adoptUpgrade(_ block: HeaderBlock, _ method: Range<Int>, hasEnded: Bool) throws(HTTP1Error) {
        guard let name = block.protocolName, text(name).equalsIgnoringCase("websocket"), !hasEnded,
            !fields.contains(.contentLength)
        else { throw .connectRefused }
        fields.storage.overwrite(at: method.lowerBound, with: "GET".utf8Span.span)
        line.methodName = method.lowerBound..<(method.lowerBound + 3)
        line.method = .get
        isUpgrade = true
    }

    @_lifetime(borrow self)
    private func text(_ range: Range<Int>) -> Span<UInt8> { fields.storage.bytes.extracting(range) }
}

extension RequestHead {
    /// Exchanges what two heads hold, so that one that was read need not be copied.
    func exchangeContents(with other: RequestHead) { swap(&content, &other.content) }

    /// Gives an upgrade that was asked for over HTTP/2 the fields that the same wish has in HTTP/1 (RFC 8441, section 5.1):
    /// `Upgrade`, and a key, which only HTTP/1 knows.
    ///
    /// - Parameter key: 16 random bytes in base64.
    package func completeUpgrade(key: Span<UInt8>) {
        precondition(isUpgrade && version == .http2, "nobody asked for another protocol over HTTP/2")
        content.fields.append(.upgrade, text: "websocket")
        if !content.fields.contains(.secWebSocketKey) { content.fields.append(.secWebSocketKey, key) }
    }
}
