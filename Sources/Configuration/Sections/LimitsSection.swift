import HTTP
import HTTPServer

/// `limits` and `shutdown`: what a browser may send, and how long it is waited for.
struct LimitsSection {
    let root: SectionReader

    func read() -> (limits: HTTPLimits, server: ServerSettings) {
        var limits = HTTPLimits()
        var server = ServerSettings()
        if let section = root.section("limits") {
            // At least 8,000 bytes of request line are expected of a server (RFC 9112, section 3).
            section.size("request_line", into: &limits.requestLine, in: 8000...(1 << 20))
            section.size("header_bytes", into: &limits.headerBytes, in: 8000...(1 << 20))
            section.integer("headers", into: &limits.headers, in: 10...10_000)
            section.duration("header_timeout", into: &server.headerTimeout, in: .milliseconds(100) ... .seconds(3600))
            section.duration("idle_timeout", into: &server.idleTimeout, in: .milliseconds(100) ... .seconds(86400))
            section.integer("connections", into: &server.connections, in: 1...10_000_000)
            section.finish()
        }
        if let section = root.section("shutdown") {
            section.duration("drain", into: &server.drain, in: .zero ... .seconds(3600))
            section.finish()
        }
        return (limits, server)
    }
}
