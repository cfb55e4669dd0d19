import Formats
import HTTP

@testable import Routing

/// Sites and requests as short as tests like them.
enum Sample {
    static func site(_ url: String = "https://app.example.com") -> Site {
        guard let parts = URLParts(url), let site = Site(parts) else { preconditionFailure("\(url) is no site") }
        return site
    }

    static func origins(_ urls: String...) -> SiteOrigins? { SiteOrigins(urls.compactMap { URLParts($0) }) }

    static var endpoints: PathPattern {
        do {
            return try PathPattern(prefix: "/bff")
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// A head as the engine reads it.
    static func head(_ method: String = "GET", _ target: String = "/", _ fields: [(String, String)] = []) -> RequestHead
    {
        var text = "\(method) \(target) HTTP/1.1\r\nHost: app.example.com\r\n"
        for (name, value) in fields { text += "\(name): \(value)\r\n" }
        var engine = HTTP1ServerEngine(limits: HTTPLimits())
        let head = RequestHead()
        let bytes = Array((text + "\r\n").utf8)
        do {
            _ = try engine.receive(bytes.span, head: head)
        } catch {
            preconditionFailure("\(error): \(text)")
        }
        return head
    }

    static func evidence(_ method: String = "GET", _ fields: [(String, String)] = []) -> RequestEvidence {
        RequestEvidence(head(method, "/", fields), site: site())
    }

    /// What a browser sends with Fetch Metadata.
    static func fetched(
        _ site: String, _ mode: String, _ destination: String, _ more: [(String, String)] = []
    ) -> [(String, String)] {
        [("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", mode), ("Sec-Fetch-Dest", destination)] + more
    }

    static let upgrade: [(String, String)] = [
        ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]
}
