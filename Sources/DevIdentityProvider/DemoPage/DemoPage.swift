package import HTTPServer

/// The demo page as a small static site: what a team's single-page application would be.
package final class DemoPage: HTTPService {
    package init() {}

    package func respond(to request: ServiceRequest) async -> ServiceResponse {
        guard request.method == "GET" || request.method == "HEAD" else {
            return ServiceResponse(status: 405, headers: [("Allow", "GET, HEAD")], body: [])
        }
        switch request.path {
        case "/", "/index.html": return document
        case "/demo.css": return .asset(DemoPageStyle.text, contentType: "text/css; charset=utf-8")
        case "/demo.js": return .asset(DemoPageScript.text, contentType: "text/javascript; charset=utf-8")
        case "/demo.svg", "/favicon.ico": return .asset(Self.icon, contentType: "image/svg+xml")
        default:
            return ServiceResponse(
                status: 404, headers: [("Content-Type", "text/plain; charset=utf-8")],
                body: Array("Nothing here.\n".utf8))
        }
    }

    private var document: ServiceResponse {
        ServiceResponse(
            status: 200,
            headers: [
                ("Content-Type", "text/html; charset=utf-8"),
                ("Cache-Control", "no-cache"),
                ("Content-Security-Policy", Self.policy),
                ("X-Content-Type-Options", "nosniff"),
                ("X-Frame-Options", "DENY"),
                ("Referrer-Policy", "same-origin"),
                ("Cross-Origin-Opener-Policy", "same-origin"),
            ], body: Array(DemoPageMarkup.text.utf8))
    }

    /// As strict as an application can be that talks to its own origin alone.
    private static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    /// The gateway's own mark, on its colour.
    private static let icon = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 52 52"><rect width="52" height="52" rx="13" fill="#1f5f4c"/>\
        <g transform="translate(8 7)" fill="none" stroke="#f6f5f1" stroke-width="3" stroke-linecap="round" \
        stroke-linejoin="round"><path d="M4 32V6h5v4h6V6h6v4h6V6h5v26z"/><path d="M12 32v-8a6 6 0 0 1 12 0v8"/>\
        <path d="M20.5 27v.01"/></g></svg>
        """
}
