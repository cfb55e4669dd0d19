import Foundation
import Threads

/// A TCP port on 127.0.0.1 that nobody listens on, and that no connection is given as its own end: below the range from
/// which the kernel takes those, and from a part of it that is this process's.
package func freePort() throws -> Int {
    for _ in 0..<PortRange.size {
        let port = PortRange.next()
        if isFree(port) { return port }
    }
    throw NeverHappened(description: "no free port")
}

private enum PortRange {
    static let size = 1000
    private static let first = 11_000 + Int(getpid()) % 20 * size
    private static let taken = Locked(0)

    static func next() -> Int {
        taken.withLock { count in
            count += 1
            return first + count % size
        }
    }
}

private func isFree(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    // What an earlier test's connections leave behind for a minute harms no listener.
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
}

/// Sends bytes to a port of 127.0.0.1 and reads until the peer closes, or has sent the body it announced.
package func exchange(port: Int, _ bytes: [UInt8], timeout seconds: Int = 10) throws -> [UInt8] {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var limit = timeval(tv_sec: seconds, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let status = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    guard status == 0 else { throw NeverHappened(description: "nothing listens on \(port)") }
    var sent = 0
    while sent < bytes.count {
        let count = bytes.withUnsafeBytes {
            send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
        }
        guard count > 0 else { throw NeverHappened(description: "port \(port) takes no bytes") }
        sent += count
    }
    var answer: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65536)
    while true {
        let count = recv(descriptor, &piece, piece.count, 0)
        if count < 0 { throw NeverHappened(description: "port \(port) is silent") }
        if count == 0 { return answer }
        answer += piece[..<count]
        if let end = answer.firstRange(of: Array("\r\n\r\n".utf8)),
            let head = String(validating: answer[..<end.lowerBound], as: UTF8.self)?.lowercased(),
            let line = head.components(separatedBy: "\r\n").first(where: { $0.hasPrefix("content-length:") }),
            let length = Int(line.dropFirst(15).trimmingCharacters(in: .whitespaces)),
            answer.count >= end.upperBound + length
        {
            return answer
        }
    }
}
