import Glibc
import Sockets

/// A client that sends exactly the bytes it is told to.
package enum RawClient {
    package static func connect(
        port: UInt16, host: UInt32 = 0x7F00_0001, smallBuffers: Bool = false, timeout: Duration = Rounds.patience
    ) throws -> ScriptedPeer {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        if smallBuffers {
            // Before connecting, so that the window is small from the start.
            var size: Int32 = 65_536
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = host.bigEndian
        let result = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if result != 0 {
            let code = errno
            close(descriptor)
            throw ScriptError.system(code)
        }
        return ScriptedPeer(descriptor: descriptor, timeout: timeout)
    }

    package static func connect(unix path: String) throws -> ScriptedPeer {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if result != 0 {
            let code = errno
            close(descriptor)
            throw ScriptError.system(code)
        }
        return ScriptedPeer(descriptor: descriptor)
    }

    /// Sends `request` on a connection of its own and reads one response.
    package static func ask(
        port: UInt16, host: UInt32 = 0x7F00_0001, _ request: String, toHead: Bool = false
    ) throws -> RawResponse {
        let peer = try connect(port: port, host: host)
        try peer.send(request)
        return try RawResponse(readingFrom: peer, toHead: toHead)
    }
}

/// A response taken apart by simple means, so that what is tested is not tested with itself.
package struct RawResponse: Sendable {
    package var status: Int
    /// Status line and field lines with their empty line, as received.
    package var head: String
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    package var trailers: [(name: String, value: String)] = []

    package var text: String { String(decoding: body, as: UTF8.self) }

    /// The value of the first field with this name, letter case aside.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// Reads one final response, interim ones skipped.
    package init(readingFrom peer: ScriptedPeer, toHead: Bool = false) throws {
        repeat {
            head = try peer.receiveHead()
            let line = head.prefix { $0 != "\r\n" }
            status = Int(line.split(separator: " ").dropFirst().first ?? "") ?? 0
        } while status < 200 && status != 101
        headers = Self.fields(head)
        body = []
        if toHead || status == 204 || status == 304 || status == 101 { return }
        if header("Transfer-Encoding")?.lowercased() == "chunked" {
            while true {
                let line = try peer.receive(until: "\r\n").dropLast(1)
                guard let size = Int(line.prefix { $0 != ";" }, radix: 16) else {
                    throw ScriptError.closed(after: String(line))
                }
                if size == 0 { break }
                body += try peer.receive(exactly: size)
                _ = try peer.receive(exactly: 2)
            }
            while true {
                let line = try peer.receive(until: "\r\n")
                if line == "\r\n" { break }
                trailers += Self.fields("\r\n" + line)
            }
        } else if let length = header("Content-Length").flatMap({ Int($0) }) {
            body = try peer.receive(exactly: length)
        } else {
            body = try peer.receiveToEnd()
        }
    }

    private static func fields(_ head: String) -> [(name: String, value: String)] {
        head.split(separator: "\r\n").dropFirst(head.hasPrefix("\r\n") ? 0 : 1).compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            return (String(line[..<colon]), String(value))
        }
    }
}
