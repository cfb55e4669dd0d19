private import Glibc

/// Results go to standard output, messages to standard error.
enum Output {
    static func result(_ text: String) { write(text + "\n", to: 1) }

    static func complain(_ text: String) { write("postern: " + text + "\n", to: 2) }

    /// A line as it is, for problems that name their own place.
    static func message(_ text: String) { write(text + "\n", to: 2) }

    private static func write(_ text: String, to descriptor: Int32) {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                guard let base = buffer.baseAddress else { return 0 }
                return unsafe Glibc.write(descriptor, base + sent, bytes.count - sent)
            }
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { return }
            sent += count
        }
    }
}
