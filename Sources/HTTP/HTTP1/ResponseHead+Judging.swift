internal import Bytes

extension ResponseHead {
    /// Judges a complete head as a whole (RFC 9112, section 6.3).
    ///
    /// - Parameter toHead: the request was HEAD.
    func judge(toHead: Bool) throws(HTTP1Error) {
        let said = try FramingFields(fields, version: version)
        var options = HopByHop.Options()
        if fields.contains(.connection) {
            options = try writableFields.markConnectionOptions(refusesProtected: false)
        }
        keepAlive = version == .http11 ? !options.close : options.keepAlive && !options.close
        connectionUpgrade = options.upgrade
        if toHead || status < 200 || status == 204 || status == 304 {
            framing = .none
            // G53: a server that announces a body where there is none may well send it.
            if status < 200 || status == 204 {
                switch said {
                case .none, .length(0): break
                case .length, .chunked: keepAlive = false
                }
            }
            return
        }
        switch said {
        case .none: framing = .untilClose
        case .length(let length): framing = .length(length)
        case .chunked: framing = .chunked
        }
    }

    /// What the head says about the length a body has, or, for HEAD and 304, would have had; nil when it says none.
    package var announcedLength: Int? {
        guard let value = fields.value(of: .contentLength) else { return nil }
        return FramingFields.length(value)
    }
}
