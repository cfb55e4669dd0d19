import Bytes
import Routing

/// The endpoints of ours, by what stands behind the prefix (contract, section 3).
package enum Endpoint: Sendable, CaseIterable {
    case login, callback, user, logout, logoutCallback, session

    /// The path behind `endpoints.prefix`.
    package var suffix: StaticString {
        switch self {
        case .login: "/login"
        case .callback: "/callback"
        case .user: "/user"
        case .logout: "/logout"
        case .logoutCallback: "/logout/callback"
        case .session: "/session"
        }
    }

    /// It begins and ends nothing, so HEAD may ask it too.
    var onlyTells: Bool { self == .user || self == .session }

    /// For logs and metrics, whatever the prefix is.
    var label: StaticString {
        switch self {
        case .login: "/bff/login"
        case .callback: "/bff/callback"
        case .user: "/bff/user"
        case .logout: "/bff/logout"
        case .logoutCallback: "/bff/logout/callback"
        case .session: "/bff/session"
        }
    }

    /// The endpoint that the canonical path names exactly; nothing else below the prefix exists (G74).
    static func find(_ selector: borrowing RouteSelector, behind prefix: Int) -> Endpoint? {
        let path = selector.canonical.bytes
        guard path.count > prefix else { return nil }
        let suffix = path.extracting(prefix..<path.count)
        for endpoint in allCases where suffix.equals(endpoint.suffix) { return endpoint }
        return nil
    }
}
