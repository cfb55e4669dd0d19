import Bytes
import HTTP

extension FuzzTarget {
    /// A stream of requests: the first byte says how it is cut, the others are the stream.
    static let requestHead = FuzzTarget(name: "request-head") { input in
        guard input.count > 1 else { return }
        let bytes = Array(input).dropFirst()
        let whole = ForwardedRequests([Array(bytes)])
        let cut = ForwardedRequests(Pieces(input[0]).cut(Array(bytes)))
        // Which of two faults is named may depend on the cut, whether there is one may not.
        require(whole.whole == cut.whole, "the cut changes the requests")
        require(whole.isRefused == cut.isRefused, "the cut changes the refusal")
        require(whole.isRefused || whole.unfinished == cut.unfinished, "the cut changes what is pending")
        // What we forward is what we would accept, and it is one request: read again it is the same bytes (G20).
        for request in whole.whole {
            let again = ForwardedRequests(again: request)
            require(again.whole == [request], "a request that does not stay the same when it is forwarded again")
            require(!again.isRefused && again.unfinished.isEmpty, "something behind the forwarded request")
        }
    }
}
