import TestSupport
import Testing

/// The product as the world sees it: the real program, a provider, an upstream and a browser, over real sockets.
///
/// One test at a time: each starts programs of its own, and the machines that run this have few cores.
@Suite(.serialized) struct ProductTests {}
