internal import Bytes

extension RequestHead {
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
    func judge() throws(HTTP1Error) {
        switch try FramingFields(fields, version: version) {
        case .none: framing = .none
        case .length(let length): framing = .length(length)
        case .chunked: framing = .chunked
        }
        try judgeHost()
        if fields.repeated.intersects(Self.singletons) { throw .repeatedField }
        let options = try markConnectionOptions()
        keepAlive = version == .http11 ? !options.close : options.keepAlive && !options.close
        try judgeExpectation()
        isUpgrade =
            options.upgrade && version == .http11 && method == .get && framing == .none
            && fields.value(of: .upgrade)?.equalsIgnoringCase("websocket") == true
        acceptsTrailers = version == .http11 && namesTrailers()
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

    private func markConnectionOptions() throws(HTTP1Error) -> HopByHop.Options {
        guard fields.contains(.connection) else { return HopByHop.Options() }
        return try writableFields.markConnectionOptions(refusesProtected: true)
    }

    /// RFC 9112, section 3.2: exactly one valid `Host` in HTTP/1.1; the authority of an absolute-form target goes before it.
    private func judgeHost() throws(HTTP1Error) {
        if let line = fields.first(.host) {
            if fields.repeated.contains(.host) { throw .repeatedHost }
            try takeAuthority(fields.index.entries[line].value)
        } else if version == .http11 {
            throw .missingHost
        }
        if !line.authority.isEmpty || form == .absoluteHTTP || form == .absoluteHTTPS {
            try takeAuthority(line.authority)
        }
    }

    private func takeAuthority(_ range: Range<Int>) throws(HTTP1Error) {
        guard let authority = Authority(fields.storage.bytes.extracting(range)) else { throw .invalidHost }
        authorityRange = range
        hostEnd = range.lowerBound + authority.host.upperBound
        port = authority.port
    }

    /// RFC 9110, section 10.1.1: what we do not know is 417.
    ///
    /// An HTTP/1.0 client cannot expect anything; its field goes no further, since the upstream is asked in HTTP/1.1.
    private func judgeExpectation() throws(HTTP1Error) {
        guard let line = fields.first(.expect) else { return }
        if version == .http10 {
            writableFields.index.entries[line].flags.insert(.connectionOption)
            return
        }
        guard fields.value(line).equalsIgnoringCase("100-continue") else { throw .unknownExpectation }
        expectsContinue = framing.hasBody
    }

    /// Gives an absolute-form target without a path the one it stands for (G70; RFC 9112, section 3.2.4 for `*`).
    private func settleTarget() {
        targetRange = line.target
        let bytes = fields.storage.bytes
        let first = targetRange.isEmpty ? nil : bytes[targetRange.lowerBound]
        if first != UInt8(ascii: "/"), form != .asterisk {
            let start = bytes.count
            let isServerWide = first == nil && method == .options
            writableFields.compose(isServerWide ? "*" : "/", target: targetRange)
            if isServerWide { line.form = .asterisk }
            targetRange = start..<(start + 1 + targetRange.count)
        }
        let target = fields.storage.bytes.extracting(targetRange)
        pathEnd = targetRange.lowerBound + (target.firstIndex(of: UInt8(ascii: "?")) ?? target.count)
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
