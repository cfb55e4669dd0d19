import Bytes

extension FuzzTarget {
    /// A chunked body: the first byte says how it is cut.
    static let chunkedBody = FuzzTarget(name: "chunked-body") { input in
        guard input.count > 1 else { return }
        let head = Array("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        let bytes = head + Array(input).dropFirst()
        let whole = ForwardedRequests([bytes])
        let cut = ForwardedRequests([head] + Pieces(input[0]).cut(Array(bytes.dropFirst(head.count))))
        require(whole.whole == cut.whole, "the cut changes the bodies")
        require(whole.isRefused == cut.isRefused, "the cut changes the refusal")
        require(whole.isRefused || whole.unfinished == cut.unfinished, "the cut changes what is pending")
        for request in whole.whole {
            require(ForwardedRequests(again: request).whole == [request], "a body that does not stay the same")
        }
    }
}
