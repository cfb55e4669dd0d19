import Bytes
import Foundation
import Glibc
import Sockets
import Testing

@Suite struct BeneathRootTests {
    @Test("no name leads outside") func escapes() throws {
        let base = "/tmp/postern-test-\(UUID().uuidString)"
        let files = FileManager.default
        try files.createDirectory(atPath: base + "/root/sub", withIntermediateDirectories: true)
        defer { try? files.removeItem(atPath: base) }
        try Data("inside".utf8).write(to: URL(fileURLWithPath: base + "/root/sub/a.txt"))
        try Data("secret".utf8).write(to: URL(fileURLWithPath: base + "/secret"))
        try files.createSymbolicLink(atPath: base + "/root/out", withDestinationPath: "../secret")
        try files.createSymbolicLink(atPath: base + "/root/absolute", withDestinationPath: base + "/secret")
        try files.createSymbolicLink(atPath: base + "/root/in", withDestinationPath: "sub/a.txt")
        mkfifo(base + "/root/pipe", 0o600)

        let root = try BeneathRoot(base + "/root")
        for name in ["../secret", "sub/../../secret", "/etc/passwd", "out", "absolute"] {
            #expect(throws: SystemError(EXDEV), "\(name)") { _ = try root.open(name).size }
        }
        #expect(throws: SystemError(ENOENT)) { _ = try root.open("missing").size }

        let file = try root.open("in")
        #expect(file.kind == .regular)
        #expect(file.size == 6)
        var buffer = ByteBuffer()
        #expect(try file.read(at: 2, count: 100, into: &buffer) == 4)
        #expect(buffer.array == Array("side".utf8))
        #expect(try root.open("sub").kind == .directory)
        #expect(try root.open("").kind == .directory)
        #expect(try root.open("pipe").kind == .other)
    }
}
