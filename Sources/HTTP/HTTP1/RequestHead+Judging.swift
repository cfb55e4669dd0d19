internal import Bytes

extension RequestHead.Content {
    /// Repeated, these would let two readers believe two things (G35).
    ///
    /// The framing fields and `Host` have errors of their own; `Cookie` lines are joined.
    private static let singletons: KnownFieldSet = [
        .authorization, .proxyAuthorization, .dpop, .contentType, .contentRange, .contentLocation, .origin, .referer,
        .userAgent, .from, .expect, .maxForwards, .date, .range, .ifRange, .ifModifiedSince, .ifUnmodifiedSince,
        .secFetchSite, .secFetchMode, .secFetchDest, .secFetchUser, .xCSRF, .xHTTPMethodOverride, .upgrade,
        .secWebSocketKey, .secWebSocketVersion, .accessControlRequestMethod,
    ]

    /// Judges a complete head as a whole: framing first, since everything else presumes that we know where it ends.
    ///
    /// - Parameter hasEnded: HTTP/2: no body follows; there a body needs neither length nor coding to be announced.
    mutating func judge(hasEnded: Bool = true) throws(HTTP1Error) {
        switch try FramingFields(fields, version: line.version) {
        case .none: framing = hasEnded || isUpgrade ? .none : .chunked
        case .length(let length): framing = .length(length)
        case .chunked: framing = .chunked
        }
        try judgeHost()
        if fields.repeated.intersects(Self.singletons) { throw .repeatedField }
        let options = try markConnectionOptions()
        keepAlive = line.version == .http10 ? options.keepAlive && !options.close : !options.close
        try judgeExpectation()
        if line.version != .http2 {
            isUpgrade =
                options.upgrade && line.version == .http11 && line.method == .get && framing == .none
                && fields.value(of: .upgrade)?.equalsIgnoringCase("websocket") == true
        }
        acceptsTrailers = line.version != .http10 && namesTrailers()
        settleTarget()
    }

    private func namesTrailers() -> Bool {
        guard let te = fields.value(of: .te) else { return false }
        var list = ListElements(te)
        while let element = list.next() {
            if te.extracting(element).equalsIgnoringCase("trailers") { return true }
        }
        return false
    }

    private mutating func markConnectionOptions() throws(HTTP1Error) -> HopByHop.Options {
        guard fields.contains(.connection) else { return HopByHop.Options() }
        return try fields.markConnectionOptions(refusesProtected: true)
    }

    /// RFC 9112, section 3.2: exactly one valid `Host` in HTTP/1.1; the authority of an absolute-form target goes before it.
    private mutating func judgeHost() throws(HTTP1Error) {
        if let position = fields.first(.host) {
            if fields.repeated.contains(.host) { throw .repeatedHost }
            try takeAuthority(fields.index.table[position].value)
            // RFC 9113, section 8.3.1: two names for one request are two requests (G80).
            if line.version == .http2, !line.authority.isEmpty,
                !fields.value(position).equalsIgnoringCase(fields.storage.bytes.extracting(line.authority))
            {
                throw .invalidHost
            }
        } else if line.version == .http11 || (line.version == .http2 && line.authority.isEmpty) {
            throw .missingHost
        }
        if !line.authority.isEmpty || line.form == .absoluteHTTP || line.form == .absoluteHTTPS {
            try takeAuthority(line.authority)
        }
    }

    private mutating func takeAuthority(_ range: Range<Int>) throws(HTTP1Error) {
        guard let parts = Authority(fields.storage.bytes.extracting(range)) else { throw .invalidHost }
        authority = range
        hostEnd = range.lowerBound + parts.host.upperBound
        port = parts.port
    }

    /// RFC 9110, section 10.1.1: what we do not know is 417.
    ///
    /// An HTTP/1.0 client cannot expect anything; its field goes no further, since the upstream is asked in HTTP/1.1.
    private mutating func judgeExpectation() throws(HTTP1Error) {
        guard let position = fields.first(.expect) else { return }
        if line.version == .http10 {
            fields.index.table[position].flags.insert(.connectionOption)
            return
        }
        guard fields.value(position).equalsIgnoringCase("100-continue") else { throw .unknownExpectation }
        expectsContinue = framing.hasBody
    }

    /// Gives an absolute-form target without a path the one it stands for (G70; RFC 9112, section 3.2.4 for `*`).
    private mutating func settleTarget() {
        target = line.target
        let first = target.isEmpty ? nil : fields.storage.bytes[target.lowerBound]
        if first != UInt8(ascii: "/"), line.form != .asterisk {
            let start = fields.storage.count
            let isServerWide = first == nil && line.method == .options
            fields.compose(isServerWide ? "*" : "/", target: target)
            if isServerWide { line.form = .asterisk }
            target = start..<(start + 1 + target.count)
        }
        let question = fields.storage.bytes.firstIndex(of: UInt8(ascii: "?"), from: target.lowerBound)
        pathEnd = Swift.min(question ?? target.upperBound, target.upperBound)
    }
}

extension Fields {
    mutating func markConnectionOptions(refusesProtected: Bool) throws(HTTP1Error) -> HopByHop.Options {
        var index = lendIndex()
        defer { takeBack(&index) }
        return try HopByHop.options(storage.bytes, &index, refusesProtected: refusesProtected)
    }

    /// Writes a target behind the head: `prefix`, then a part of the head.
    fileprivate mutating func compose(_ prefix: StaticString, target: Range<Int>) {
        storage.append(prefix)
        storage.reserve(target.count)
        for position in target {
            let byte = storage.bytes[position]
            storage.append(byte)
        }
    }
}
