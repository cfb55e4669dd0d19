import Foundation
import Threads

/// A TCP peer on loopback that reads HTTP requests and answers with exactly the bytes it is told to.
final class LoopbackPeer: Sendable {
    struct Request: Sendable {
        var head: String
        var body: String
        var line: String { String(head.prefix { $0 != "\r\n" }) }
        func field(_ name: String) -> String? {
            head.split(separator: "\r\n").dropFirst().first { $0.lowercased().hasPrefix(name.lowercased() + ":") }
                .map { $0.drop { $0 != ":" }.dropFirst().trimmingCharacters(in: .whitespaces) }
        }
    }

    enum Answer: Sendable {
        case bytes(String)
        case bytesThenClose(String)
        case close
        /// Says nothing, and keeps the connection.
        case silence
        /// Sends the same bytes for ever.
        case endless(first: String, then: String)
    }

    private struct Seen {
        var requests: [Request] = []
        var connections = 0
        var busy = 0
        var mostBusy = 0
    }

    private let listener: Int32
    let port: Int
    private let seen = Locked(Seen())
    private let answer: @Sendable (Request, Int) -> Answer

    /// `answer` gets the request and its number, from 0.
    init(_ answer: @escaping @Sendable (Request, Int) -> Answer) throws {
        self.answer = answer
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        listener = descriptor
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                bind(descriptor, raw, size) == 0 && listen(descriptor, 128) == 0
                    && getsockname(descriptor, raw, &size) == 0
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        if !bound { throw POSIXError(.EADDRINUSE) }
        Thread.detachNewThread { [self] in
            while true {
                let connection = accept(descriptor, nil, nil)
                if connection < 0 { return }
                seen.withLock { $0.connections += 1 }
                Thread.detachNewThread { [self] in serve(connection) }
            }
        }
    }

    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    var url: String { "http://127.0.0.1:\(port)" }
    var requests: [Request] { seen.withLock { $0.requests } }
    var connections: Int { seen.withLock { $0.connections } }
    var mostBusy: Int { seen.withLock { $0.mostBusy } }

    private func serve(_ connection: Int32) {
        defer { close(connection) }
        var pending = Data()
        var piece = [UInt8](repeating: 0, count: 65536)
        while true {
            while let request = Self.take(&pending) {
                let number = seen.withLock { seen in
                    seen.requests.append(request)
                    seen.busy += 1
                    seen.mostBusy = max(seen.mostBusy, seen.busy)
                    return seen.requests.count - 1
                }
                let answer = answer(request, number)
                seen.withLock { $0.busy -= 1 }
                switch answer {
                case .bytes(let text): send(connection, text)
                case .bytesThenClose(let text):
                    send(connection, text)
                    return
                case .close: return
                case .silence: break
                case .endless(let first, let then):
                    send(connection, first)
                    while send(connection, then) {}
                    return
                }
            }
            let count = read(connection, &piece, piece.count)
            if count <= 0 { return }
            pending.append(contentsOf: piece[..<count])
        }
    }

    @discardableResult private func send(_ connection: Int32, _ text: String) -> Bool {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Foundation.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return false }
            sent += count
        }
        return true
    }

    private static func take(_ pending: inout Data) -> Request? {
        guard let end = pending.range(of: Data("\r\n\r\n".utf8)) else { return nil }
        var request = Request(head: String(decoding: pending[..<end.lowerBound], as: UTF8.self), body: "")
        let length = request.field("Content-Length").flatMap { Int($0) } ?? 0
        guard pending.count - (end.upperBound - pending.startIndex) >= length else { return nil }
        request.body = String(decoding: pending[end.upperBound..<(end.upperBound + length)], as: UTF8.self)
        pending = Data(pending[(end.upperBound + length)...])
        return request
    }
}

func ok(_ body: String, _ fields: String = "") -> LoopbackPeer.Answer {
    .bytes("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)")
}
