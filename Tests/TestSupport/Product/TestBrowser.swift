import Foundation

/// A browser without pictures: cookies, redirects and Fetch Metadata as real ones do them, over plain sockets.
///
/// Every host is this machine; the port of the URL says which server is meant. One thread uses it at a time; tabs share
/// its ``jar``.
package final class TestBrowser {
    /// Where a request begins, seen from its target.
    package enum Initiator: String, Sendable {
        /// Typed, or from a bookmark.
        case user = "none"
        case sameOrigin = "same-origin"
        case sameSite = "same-site"
        case crossSite = "cross-site"
    }

    /// What a request is for.
    package enum Kind: Sendable {
        case navigation, fetch, image, script, iframe, formPost, prefetch
        /// A browser from before Fetch Metadata that follows a link.
        case oldNavigation
        /// A command-line tool: accepts anything, says nothing.
        case tool

        fileprivate var mode: String? {
            switch self {
            case .navigation, .iframe, .formPost, .prefetch: "navigate"
            case .fetch: "cors"
            case .image, .script: "no-cors"
            case .oldNavigation, .tool: nil
            }
        }
        fileprivate var destination: String {
            switch self {
            case .navigation, .formPost, .prefetch, .oldNavigation, .tool: "document"
            case .fetch: "empty"
            case .image: "image"
            case .script: "script"
            case .iframe: "iframe"
            }
        }
        fileprivate var accept: String {
            switch self {
            case .navigation, .iframe, .formPost, .prefetch, .oldNavigation:
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
            case .fetch, .script, .tool: "*/*"
            case .image: "image/avif,image/webp,*/*;q=0.8"
            }
        }
        /// True for what takes Lax cookies along from other sites, given a safe method.
        fileprivate var isTopLevel: Bool {
            switch self {
            case .navigation, .formPost, .prefetch, .oldNavigation, .tool: true
            case .fetch, .image, .script, .iframe: false
            }
        }
    }

    package struct Page: Sendable {
        package var url: String
        package var response: RawResponse
        /// The URLs that were asked for, the last one included.
        package var trail: [String]

        package var status: Int { response.status }
        package var text: String { response.text }
        package func header(_ name: String) -> String? { response.header(name) }
    }

    package var jar = CookieJar()
    /// Every byte that came, as text.
    package private(set) var received = ""
    /// Every response, in order.
    package private(set) var responses: [(url: String, response: RawResponse)] = []

    package init() {}

    /// Asks for `url`, following redirects while `follow` says so.
    @discardableResult
    package func ask(
        _ url: String, _ kind: Kind = .navigation, from initiator: Initiator = .user, method: String? = nil,
        headers: [String: String] = [:], body: String? = nil, referer: String? = nil,
        follow: (String) -> Bool = { _ in true }
    ) throws -> Page {
        var url = url
        var initiator = initiator
        var method = method ?? (kind == .formPost ? "POST" : "GET")
        var body = body ?? (kind == .formPost ? "a=b" : nil)
        var trail: [String] = []
        while true {
            trail.append(url)
            guard trail.count <= 20 else { throw NeverHappened(description: "redirected for ever: \(trail)") }
            let response = try askOnce(
                url, kind, from: initiator, method: method, headers: headers, body: body, referer: referer)
            let page = Page(url: url, response: response, trail: trail)
            guard [301, 302, 303, 307, 308].contains(response.status), let location = response.header("Location")
            else { return page }
            guard let next = URL(string: location, relativeTo: URL(string: url))?.absoluteString else { return page }
            guard follow(next) else { return page }
            // A redirect to another site and back stays a cross-site request, unless the user typed the address.
            if initiator != .user, URL(string: next)?.host != URL(string: url)?.host { initiator = .crossSite }
            if response.status == 303 || (response.status < 303 && method == "POST") {
                if method != "HEAD" { method = "GET" }
                body = nil
            }
            url = next
        }
    }

    /// Asks once, and keeps the cookies that come.
    package func askOnce(
        _ url: String, _ kind: Kind = .navigation, from initiator: Initiator = .user, method: String = "GET",
        headers: [String: String] = [:], body: String? = nil, referer: String? = nil
    ) throws -> RawResponse {
        let request = try message(
            url, kind, from: initiator, method: method, headers: headers, body: body, referer: referer)
        let peer = try RawClient.connect(port: request.port, timeout: .seconds(40))
        try peer.send(request.text)
        let response = try RawResponse(readingFrom: peer, toHead: method == "HEAD")
        received += response.head + response.text
        responses.append((url, response))
        jar.take(response.headers.filter { $0.name.lowercased() == "set-cookie" }.map(\.value), from: request.host)
        return response
    }

    /// The bytes of a request as this browser would send it now.
    package func message(
        _ url: String, _ kind: Kind = .fetch, from initiator: Initiator = .sameOrigin, method: String = "GET",
        headers: [String: String] = [:], body: String? = nil, referer: String? = nil
    ) throws -> (host: String, port: UInt16, text: String) {
        guard let start = url.range(of: "://")?.upperBound else { throw NeverHappened(description: "no URL: \(url)") }
        let authority = url[start...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        var target = url[authority.endIndex...].prefix { $0 != "#" }
        if !target.hasPrefix("/") { target = "/" + target }
        let parts = authority.split(separator: ":")
        let host = String(parts.first ?? "")
        guard let port = parts.last.flatMap({ UInt16($0) }) else { throw NeverHappened(description: "no port: \(url)") }
        var lines = ["\(method) \(target) HTTP/1.1", "User-Agent: TestBrowser/1.0"]
        var fields: [String: String] = ["Accept": kind.accept, "Host": String(authority)]
        if let mode = kind.mode {
            fields["Sec-Fetch-Site"] = initiator.rawValue
            fields["Sec-Fetch-Mode"] = mode
            fields["Sec-Fetch-Dest"] = kind.destination
            if kind == .navigation, initiator == .user { fields["Sec-Fetch-User"] = "?1" }
        }
        if kind == .prefetch { fields["Sec-Purpose"] = "prefetch" }
        let isUnsafe = method != "GET" && method != "HEAD"
        if kind.mode != nil, isUnsafe || (kind == .fetch && initiator != .sameOrigin) {
            fields["Origin"] = initiator == .crossSite ? "https://evil.example" : "http://\(authority)"
        }
        if let referer { fields["Referer"] = referer }
        let cookies = jar.header(
            for: host, crossSite: initiator == .crossSite, topLevel: kind.isTopLevel && !isUnsafe)
        if let cookies { fields["Cookie"] = cookies }
        if let body {
            fields["Content-Length"] = "\(body.utf8.count)"
            if kind == .formPost { fields["Content-Type"] = "application/x-www-form-urlencoded" }
        }
        for (name, value) in headers { fields[name] = value.isEmpty ? nil : value }
        lines += fields.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        return (host, port, lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? ""))
    }
}
