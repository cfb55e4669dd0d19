private import Glibc

/// The file system as far as a configuration looks at it; tests put a dictionary in its place.
package struct ConfigurationFiles: Sendable {
    /// What is found at a path, symbolic links followed.
    package enum Kind: Sendable, Equatable {
        case file
        case directory
        case other
    }

    /// The bytes of a file.
    package let read: @Sendable (String) throws(ConfigurationFileError) -> [UInt8]
    /// What is at a path, or nil when nothing is.
    package let kind: @Sendable (String) -> Kind?
    /// The permission bits of what is at a path, or nil.
    package let mode: @Sendable (String) -> UInt32?

    package init(
        read: @escaping @Sendable (String) throws(ConfigurationFileError) -> [UInt8],
        kind: @escaping @Sendable (String) -> Kind?,
        mode: @escaping @Sendable (String) -> UInt32? = { _ in nil }
    ) {
        self.read = read
        self.kind = kind
        self.mode = mode
    }

    /// Files that are held in memory; every path that has one of them below it is a directory.
    package init(_ files: [String: [UInt8]], directories: Set<String> = []) {
        self.init(
            read: { (path) throws(ConfigurationFileError) in
                guard let bytes = files[path] else { throw ConfigurationFileError(reason: "No such file or directory") }
                return bytes
            },
            kind: { path in
                if files[path] != nil { return .file }
                let prefix = path.hasSuffix("/") ? path : path + "/"
                let isParent = files.keys.contains { $0.hasPrefix(prefix) }
                return directories.contains(path) || isParent ? .directory : nil
            })
    }

    /// The files of this machine.
    package static let system = ConfigurationFiles(
        read: { (path) throws(ConfigurationFileError) in try readFile(path) },
        kind: { path in
            guard let mode = permissions(path) else { return nil }
            return mode & S_IFMT == S_IFREG ? .file : mode & S_IFMT == S_IFDIR ? .directory : .other
        },
        mode: { path in permissions(path).map { $0 & 0o7777 } })
}

/// Why a file cannot be read, in the system's words.
package struct ConfigurationFileError: Error, Sendable, Equatable {
    package let reason: String

    package init(reason: String) { self.reason = reason }
}

/// More than any configuration, bundle or secret has; a device that never ends stops here.
private let byteLimit = 16 << 20

private func readFile(_ path: String) throws(ConfigurationFileError) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .last() }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 65536)
    while true {
        let count = unsafe Glibc.read(descriptor, &block, block.count)
        if count == 0 { return bytes }
        if count < 0 {
            if errno == EINTR { continue }
            throw .last()
        }
        bytes += block[..<count]
        if bytes.count > byteLimit { throw ConfigurationFileError(reason: "more than \(byteLimit >> 20) MiB") }
    }
}

private func permissions(_ path: String) -> UInt32? {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? status.st_mode : nil
}

extension ConfigurationFileError {
    fileprivate static func last() -> ConfigurationFileError {
        ConfigurationFileError(reason: unsafe String(cString: strerror(errno)))
    }
}
