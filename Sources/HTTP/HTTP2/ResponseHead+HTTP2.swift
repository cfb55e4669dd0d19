internal import Bytes

extension ResponseHead.Content {
    /// Makes a response of a header block that was read into `fields`, and judges it as HTTP/1's are judged (G50, G53).
    ///
    /// - Parameters:
    ///   - toHead: the request was HEAD.
    ///   - hasEnded: no body follows.
    mutating func adopt(_ block: HeaderBlock, toHead: Bool, hasEnded: Bool) throws(HTTP1Error) {
        if let failure = block.failure { throw failure }
        guard block.status >= 100, block.status <= 599 else { throw .malformedStatusLine }
        line.version = .http2
        line.status = block.status
        try judge(toHead: toHead)
        if framing == .untilClose { framing = hasEnded ? .none : .chunked }
        keepAlive = true
    }
}

extension ResponseHead {
    /// Exchanges what two heads hold, so that one that was read need not be copied.
    func exchangeContents(with other: ResponseHead) { swap(&content, &other.content) }
}
