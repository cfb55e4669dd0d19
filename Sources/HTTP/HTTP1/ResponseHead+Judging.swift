internal import Bytes

extension ResponseHead.Content {
    /// Judges a complete head as a whole (RFC 9112, section 6.3).
    ///
    /// - Parameter toHead: the request was HEAD.
    mutating func judge(toHead: Bool) throws(HTTP1Error) {
        let said = try FramingFields(fields, version: line.version)
        var options = HopByHop.Options()
        if fields.contains(.connection) {
            options = try fields.markConnectionOptions(refusesProtected: false)
        }
        keepAlive = line.version == .http10 ? options.keepAlive && !options.close : !options.close
        connectionUpgrade = options.upgrade
        if toHead || line.status < 200 || line.status == 204 || line.status == 304 {
            framing = .none
            // G53: a server that announces a body where there is none may well send it.
            if line.status < 200 || line.status == 204 {
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
}
