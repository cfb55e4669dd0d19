/// A file that TLS needs and cannot use.
package struct TLSFileError: Error, Sendable, Hashable, CustomStringConvertible {
    package let path: String
    /// What is wrong with it, as the end of a sentence about the file.
    package let reason: String

    package init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    package var description: String { "\(path) \(reason)" }
}

extension TLSFileError {
    /// What `read` makes of a path; its error becomes one of ours.
    package static func bytes<Failure: Error>(
        of path: String, _ read: (String) throws(Failure) -> [UInt8]
    ) throws(TLSFileError) -> [UInt8] {
        do throws(Failure) {
            return try read(path)
        } catch {
            throw TLSFileError(path: path, reason: "cannot be read: \(error)")
        }
    }
}

extension TLSIdentity {
    /// Reads both files by `read`, since this module opens none.
    package convenience init<Failure: Error>(
        _ certificate: String, _ key: String, reading read: (String) throws(Failure) -> [UInt8]
    ) throws(TLSFileError) {
        let chain = try TLSFileError.bytes(of: certificate, read)
        let secret = try TLSFileError.bytes(of: key, read)
        do throws(TLSSetupError) {
            try self.init(certificate: chain, key: secret)
        } catch {
            throw TLSFileError(path: error.isAboutKey ? key : certificate, reason: error.text)
        }
    }
}
