internal import Bytes
internal import COpenSSL
private import Threads

/// Both ends of OpenSSL's view of a connection, for the length of one call: bytes that have come, and where others go.
///
/// OpenSSL's own memory BIOs keep 17 KB a connection; this keeps nothing.
@safe
struct TLSWire: ~Copyable {
    private var next: UnsafePointer<UInt8>?
    private var left: Int
    private let output: UnsafeMutablePointer<ByteBuffer>

    /// - Parameters: all valid as long as the wire is.
    init(_ input: UnsafeBufferPointer<UInt8>, _ output: UnsafeMutablePointer<ByteBuffer>) {
        unsafe next = input.baseAddress
        left = input.count
        unsafe self.output = output
    }

    fileprivate mutating func read(_ room: UnsafeMutablePointer<CChar>, _ most: Int) -> Int {
        guard let from = unsafe next else { return 0 }
        let count = min(most, left)
        unsafe UnsafeMutableRawPointer(room).copyMemory(from: from, byteCount: count)
        unsafe next = from + count
        left -= count
        return count
    }

    fileprivate func write(_ bytes: UnsafeBufferPointer<UInt8>) {
        unsafe output.pointee.append(bytes.span)
    }
}

/// The BIO method that reads from and writes to whatever wire is at hand.
@safe
final class WireMethod: @unchecked Sendable {
    // @unchecked: set up here, and not changed afterwards; what changes is behind a lock.
    private let pointer: OpaquePointer?
    /// BIOs that nobody uses: as many as there are threads at most.
    private let idle = Locked(IdleBIOs())

    static let shared = WireMethod()

    private init() {
        unsafe pointer = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "postern")
        unsafe BIO_meth_set_create(pointer) { bio in
            unsafe BIO_set_init(bio, 1)
            return 1
        }
        unsafe BIO_meth_set_read_ex(pointer) { bio, room, most, count in
            unsafe postern_bio_is_well(bio)
            unsafe count?.pointee = 0
            guard let wire = unsafe BIO_get_data(bio)?.assumingMemoryBound(to: TLSWire.self), let room = unsafe room
            else { return 0 }
            let got = unsafe wire.pointee.read(room, most)
            unsafe count?.pointee = got
            if got > 0 { return 1 }
            // Not the end: more may come, and whether it does is not OpenSSL's to decide.
            unsafe postern_bio_wants_more(bio)
            return 0
        }
        unsafe BIO_meth_set_write_ex(pointer) { bio, bytes, size, count in
            unsafe postern_bio_is_well(bio)
            unsafe count?.pointee = 0
            guard let wire = unsafe BIO_get_data(bio)?.assumingMemoryBound(to: TLSWire.self), let bytes = unsafe bytes
            else { return 0 }
            unsafe bytes.withMemoryRebound(to: UInt8.self, capacity: size) { bytes in
                unsafe wire.pointee.write(UnsafeBufferPointer(start: bytes, count: size))
            }
            unsafe count?.pointee = size
            return 1
        }
        unsafe BIO_meth_set_ctrl(pointer) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
    }

    deinit { unsafe BIO_meth_free(pointer) }

    /// Lets `session` read from and write to `wire` while `body` runs.
    ///
    /// A connection has no BIO in between: one costs it 208 bytes. Without memory for one OpenSSL finds none, and fails.
    func lend<Answer>(
        to session: OpaquePointer, _ wire: UnsafeMutablePointer<TLSWire>, _ body: () -> Answer
    ) -> Answer {
        guard let bio = unsafe idle.withLock({ unsafe $0.bios.popLast() }) ?? BIO_new(pointer) else { return body() }
        unsafe BIO_set_data(bio, wire)
        // The session drops one reference for each direction; ours stays.
        unsafe BIO_up_ref(bio)
        unsafe BIO_up_ref(bio)
        unsafe SSL_set0_rbio(session, bio)
        unsafe SSL_set0_wbio(session, bio)
        let answer = body()
        unsafe SSL_set0_rbio(session, nil)
        unsafe SSL_set0_wbio(session, nil)
        unsafe BIO_set_data(bio, nil)
        idle.withLock { unsafe $0.bios.append(bio) }
        return answer
    }
}

@safe
private struct IdleBIOs: @unchecked Sendable {
    // @unchecked: pointers that whoever takes one out has for himself.
    var bios: [OpaquePointer] = unsafe []
}
