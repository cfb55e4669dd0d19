internal import CNGHTTP2
private import Glibc

/// Memory of one worker for nghttp2, which takes and gives back a few small pieces a request.
///
/// Pieces of like size are kept and used again, so that a request costs the system's allocator nothing. Not `Sendable`:
/// it belongs to the sessions of one thread.
@safe
package final class HTTP2Memory {
    /// In front of each piece: its class, in 16 bytes so that what follows stays aligned.
    private static let prefix = 16
    /// Pieces of 64 bytes to 32 KiB, by doubling.
    private static let classes = 10
    private static let smallest = 64
    /// The class of what is larger and not kept.
    private static let large = 255
    /// Bytes that are kept for later.
    private static let most = 4 << 20

    private let free: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    private var kept = 0
    /// Pieces that came from the system, for tests.
    package private(set) var taken = 0
    var idleStreams: [HTTP2Stream] = []

    package init() {
        unsafe free = .allocate(capacity: Self.classes)
        unsafe free.initialize(repeating: nil, count: Self.classes)
    }

    deinit {
        for number in 0..<Self.classes {
            while let piece = unsafe free[number] {
                unsafe free[number] = piece.load(as: UnsafeMutableRawPointer?.self)
                unsafe Glibc.free(piece)
            }
        }
        unsafe free.deallocate()
    }

    /// What a session is made with; it holds this object without counting, so its owner must keep it.
    var functions: nghttp2_mem {
        unsafe nghttp2_mem(
            mem_user_data: Unmanaged.passUnretained(self).toOpaque(),
            malloc: { size, owner in unsafe HTTP2Memory.of(owner)?.take(size) },
            free: { piece, owner in unsafe HTTP2Memory.of(owner)?.giveBack(piece) },
            calloc: { count, size, owner in
                let (total, overflow) = count.multipliedReportingOverflow(by: size)
                guard !overflow, let piece = unsafe HTTP2Memory.of(owner)?.take(total) else { return nil }
                unsafe memset(piece, 0, total)
                return unsafe piece
            },
            realloc: { piece, size, owner in unsafe HTTP2Memory.of(owner)?.resize(piece, size) })
    }

    private static func of(_ owner: UnsafeMutableRawPointer?) -> HTTP2Memory? {
        guard let owner = unsafe owner else { return nil }
        return unsafe Unmanaged<HTTP2Memory>.fromOpaque(owner).takeUnretainedValue()
    }

    private static func number(_ size: Int) -> Int {
        var number = 0
        while number < classes, smallest << number < size { number += 1 }
        return number < classes ? number : large
    }

    private func take(_ size: Int) -> UnsafeMutableRawPointer? {
        let number = Self.number(size)
        if number != Self.large, let piece = unsafe free[number] {
            unsafe free[number] = piece.load(as: UnsafeMutableRawPointer?.self)
            kept -= Self.smallest << number
            unsafe piece.storeBytes(of: number, as: Int.self)
            return unsafe piece + Self.prefix
        }
        let room = number == Self.large ? size : Self.smallest << number
        guard let piece = unsafe malloc(room + Self.prefix) else { return nil }
        taken += 1
        unsafe piece.storeBytes(of: number, as: Int.self)
        unsafe piece.storeBytes(of: room, toByteOffset: 8, as: Int.self)
        return unsafe piece + Self.prefix
    }

    private func giveBack(_ memory: UnsafeMutableRawPointer?) {
        guard let memory = unsafe memory else { return }
        let piece = unsafe memory - Self.prefix
        let number = unsafe piece.load(as: Int.self)
        guard number != Self.large, kept < Self.most else {
            unsafe Glibc.free(piece)
            return
        }
        kept += Self.smallest << number
        unsafe piece.storeBytes(of: free[number], as: UnsafeMutableRawPointer?.self)
        unsafe free[number] = piece
    }

    private func resize(_ memory: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
        guard let memory = unsafe memory else { return unsafe take(size) }
        let room = unsafe (memory - Self.prefix).load(fromByteOffset: 8, as: Int.self)
        if room >= size { return unsafe memory }
        guard let fresh = unsafe take(size) else { return nil }
        unsafe memcpy(fresh, memory, room)
        unsafe giveBack(memory)
        return unsafe fresh
    }
}
