package import HTTP
private import Time

/// What a person may turn on the side that faces browsers.
///
/// The defaults are those of the contract's `limits:` and `shutdown:`.
package struct ServerSettings: Sendable, Equatable {
    /// From the first byte of a request head to its last (G17, slow senders); also how long a new connection may be silent.
    package var headerTimeout: Duration = .seconds(10)
    /// How long a keep-alive connection may be silent between two requests.
    package var idleTimeout: Duration = .seconds(75)
    /// How long a client may send nothing of a body that it announced, unless its exchange says otherwise.
    package var bodyTimeout: Duration = .seconds(60)
    /// How long a client may take nothing of an answer that waits for it, unless its exchange says otherwise.
    package var sendTimeout: Duration = .seconds(60)
    /// How long a client that may have left is waited for: a half-closed one that takes no bytes, or, while the server stops,
    /// a new one that has sent nothing yet.
    package var halfCloseGrace: Duration = .seconds(1)
    /// How long what a refused client still sends is read and dropped, so that it can read the refusal.
    package var lingerTime: Duration = .seconds(5)
    /// The most that is read and dropped, while lingering or behind an early answer.
    package var lingerBytes = 256 << 10
    /// Open client connections of the whole process.
    package var connections = 20_000
    /// Handshakes under way in one worker; beyond them the oldest ends for a new one.
    package var handshakes = 2048
    /// From the request to stop to the closing of what is still open.
    package var drain: Duration = .seconds(30)
    /// Bytes of an answer that may wait for a client before its source is paused.
    package var highWaterMark = 128 << 10

    /// How much of a request's control data is accepted.
    package var limits = HTTPLimits()

    package init() {}
}
