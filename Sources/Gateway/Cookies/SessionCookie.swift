import Bytes
import HTTP
import Routing
package import Sessions

/// The session cookie of one site (E1–E5).
package struct SessionCookie: Sendable {
    /// As it comes in `Cookie`.
    let name: [UInt8]
    private let template: SetCookie

    /// Nil when a browser would refuse the cookie; the configuration has refused it before.
    package init?(settings: SessionSettings, isSecure: Bool) {
        let name = settings.cookieName(isSecure: isSecure)
        guard
            let template = SetCookie(
                name: name, value: "", isSecure: isSecure, sameSite: settings.sameSite == .strict ? .strict : .lax)
        else { return nil }
        self.name = Array(name.utf8)
        self.template = template
    }

    /// The `Set-Cookie` value that gives a browser its session; it ends with the browser (E1).
    package func text(for id: SessionID) -> String? {
        guard let value = id.cookieValue.exposedText else { return nil }
        return SetCookie(
            name: template.name, value: value, isSecure: template.isSecure, sameSite: template.sameSite)?.text
    }

    /// The `Set-Cookie` value that takes it back (E13).
    package var deletion: String { template.deletion.text }
}
