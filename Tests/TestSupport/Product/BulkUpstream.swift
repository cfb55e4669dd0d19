import Glibc
import Synchronization

/// An upstream for bodies that no memory holds: `GET /bulk/N` sends N bytes, `POST` takes them; both sides know each byte.
package final class BulkUpstream: Sendable {
    private let server: ScriptedServer
    private let sentBytes = Atomic<Int>(0)
    private let receivedBytes = Atomic<Int>(0)
    private let stalls = Atomic<Int>(0)
    private let isReading = Atomic<Bool>(true)

    package var port: Int { Int(server.port) }
    /// Bytes of bodies sent since ``forget()``.
    package var sent: Int { sentBytes.load(ordering: .sequentiallyConsistent) }
    /// Bytes of bodies received since ``forget()``.
    package var received: Int { receivedBytes.load(ordering: .sequentiallyConsistent) }
    /// How often the gateway took nothing for a while.
    package var timesStalled: Int { stalls.load(ordering: .sequentiallyConsistent) }
    package var scriptErrors: [any Error] { server.scriptErrors }

    package init() throws {
        let box = Box()
        server = try ScriptedServer(timeout: .seconds(120)) { peer, _ in
            while let upstream = box.value, let head = try? peer.receiveHead() { try upstream.answer(head, peer) }
        }
        box.set(self)
    }

    deinit { server.stop() }

    package func forget() {
        sentBytes.store(0, ordering: .sequentiallyConsistent)
        receivedBytes.store(0, ordering: .sequentiallyConsistent)
        stalls.store(0, ordering: .sequentiallyConsistent)
    }

    /// While false, bodies that come are left lying.
    package func reads(_ isReading: Bool) { self.isReading.store(isReading, ordering: .sequentiallyConsistent) }

    private func answer(_ head: String, _ peer: ScriptedPeer) throws {
        if head.hasPrefix("POST ") {
            let line = head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
            let length = line.flatMap { Int($0.dropFirst(15).drop { $0 == " " }) } ?? 0
            while !isReading.load(ordering: .sequentiallyConsistent) { usleep(10_000) }
            let isGood = try BulkPattern.receive(length, from: peer) {
                self.receivedBytes.add($0, ordering: .sequentiallyConsistent)
            }
            try peer.send(EchoUpstream.answer(isGood ? "good \(length)" : "bad"))
        } else {
            let target = head.split(separator: " ").dropFirst().first ?? ""
            let length = target.split(separator: "/").last.flatMap { Int($0) } ?? 0
            try peer.send(
                "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: \(length)\r\n\r\n")
            try BulkPattern.send(length, to: peer) { count in
                if count == 0 { self.stalls.add(1, ordering: .sequentiallyConsistent) }
                self.sentBytes.add(count, ordering: .sequentiallyConsistent)
            }
        }
    }

    /// Lets the server's script, which begins before `self` is there, find it, without keeping it.
    private final class Box: @unchecked Sendable {
        // @unchecked: written once, before the first connection can come.
        private weak var upstream: BulkUpstream?
        var value: BulkUpstream? { upstream }
        func set(_ upstream: BulkUpstream) { self.upstream = upstream }
    }
}

/// Bytes without end in which a piece that is lost, doubled or misplaced shows.
package enum BulkPattern {
    /// No power of two, so that a shift by a buffer's size shows.
    private static let period = 1_000_003
    private static let piece = 256 << 10
    private static let bytes: [UInt8] = {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        let once = (0..<period).map { _ -> UInt8 in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
        return once + once.prefix(piece)
    }()

    /// Sends the first `length` bytes; tells how many went each time, 0 when none did for half a second.
    package static func send(_ length: Int, to peer: ScriptedPeer, _ progress: (Int) -> Void) throws {
        var sent = 0
        while sent < length {
            let count = try bytes.withUnsafeBytes { all in
                let start = sent % period
                let some = UnsafeRawBufferPointer(rebasing: all[start..<(start + min(piece, length - sent))])
                return try peer.sendSome(some, patience: 500)
            }
            sent += count ?? 0
            progress(count ?? 0)
        }
    }

    /// Receives `length` bytes; false when one is not what was sent.
    package static func receive(_ length: Int, from peer: ScriptedPeer, _ progress: (Int) -> Void) throws -> Bool {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: piece, alignment: 16)
        defer { room.deallocate() }
        var received = 0
        var isGood = true
        while received < length {
            let part = UnsafeMutableRawBufferPointer(rebasing: room[..<min(piece, length - received)])
            let count = try peer.receive(into: part)
            if count == 0 { throw ScriptError.closed(after: "\(received) of \(length) bytes") }
            bytes.withUnsafeBytes { all in
                if let sent = all.baseAddress, let got = part.baseAddress {
                    isGood = isGood && memcmp(sent + received % period, got, count) == 0
                }
            }
            received += count
            progress(count)
        }
        return isGood
    }
}
