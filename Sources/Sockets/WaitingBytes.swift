import Bytes

/// Bytes that wait on a channel: an object of its own, since most connections never have any.
@usableFromInline
final class WaitingBytes {
    var buffer = ByteBuffer()
}
