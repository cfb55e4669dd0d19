private import Glibc

/// What a process says to the one that it hands over to, in an environment variable: which pipe it listens at, and what the
/// listeners before it are.
///
/// The first line is the pipe's number in the kernel, which proves that the words are meant for whoever holds the pipe; then
/// a line for each listener, `own` or `manager` and the address that the configuration gives it.
struct HandOverWords: Equatable {
    /// The first descriptor behind standard error.
    static let first: Int32 = 3

    let pipe: UInt64
    let origins: [InheritedListener.Origin]

    init(pipe: UInt64, origins: [InheritedListener.Origin]) {
        self.pipe = pipe
        self.origins = origins
    }

    /// Nil for what is no such text.
    init?(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let pipe = lines.first.flatMap({ UInt64($0) }), lines.count <= 1025 else { return nil }
        var origins: [InheritedListener.Origin] = []
        for line in lines.dropFirst() {
            if line == "manager" {
                origins.append(.manager)
            } else if line.hasPrefix("own unix:") {
                // Relative where the configuration's own path is.
                origins.append(.predecessor(.unix(path: String(line.dropFirst(9)))))
            } else if line.hasPrefix("own "), let address = ListenAddress(String(line.dropFirst(4))) {
                origins.append(.predecessor(address))
            } else {
                return nil
            }
        }
        self.init(pipe: pipe, origins: origins)
    }

    var text: String {
        let lines = origins.map { origin in
            switch origin {
            case .manager: "manager"
            case .predecessor(let address): "own \(address)"
            }
        }
        return (["\(pipe)"] + lines).joined(separator: "\n")
    }

    /// Whoever waits at the pipe; nil where these words are not for this process.
    func predecessor() -> Predecessor? {
        let descriptor = Self.first + Int32(origins.count)
        guard Self.number(of: descriptor) == pipe, fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else { return nil }
        return Predecessor(owning: descriptor)
    }

    /// The number of an open pipe; nil for anything else.
    static func number(of descriptor: Int32) -> UInt64? {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else { return nil }
        return UInt64(status.st_ino)
    }
}
