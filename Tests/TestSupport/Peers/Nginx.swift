import Foundation

/// nginx with one site, for as long as this object lives.
package final class Nginx {
    private let folder: TemporaryFolder
    private let process: ChildProcess

    /// Starts it, and waits until it listens.
    ///
    /// - Parameters:
    ///   - port: where the site listens.
    ///   - site: what stands within `http { }`: the server, or the file that holds it.
    ///   - folder: where it keeps its files.
    package init(on port: Int, site: String, in folder: TemporaryFolder) throws {
        self.folder = folder
        let path = folder.path
        let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        try """
        daemon off;
        master_process off;
        pid \(path)/nginx.pid;
        error_log stderr;
        events {}
        http {
            access_log off;
            \(folders.map { "\($0)_temp_path \(path)/\($0);" }.joined(separator: "\n    "))
            \(site)
        }

        """.write(toFile: path + "/nginx.conf", atomically: true, encoding: .utf8)
        process = try ChildProcess(
            ["/usr/sbin/nginx", "-p", path, "-e", "stderr", "-c", path + "/nginx.conf"], log: path + "/nginx.log")
        try eventually("nginx listens; it says: \(process.output)", within: 20) {
            guard process.isRunning else {
                throw NeverHappened(description: "nginx ended with \(process.exitCode ?? -1): \(process.output)")
            }
            return (try? RawClient.connect(port: UInt16(port))) != nil
        }
    }

    deinit { process.end(within: 5) }
}
