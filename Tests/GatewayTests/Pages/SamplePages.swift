import Routing

@testable import Gateway

/// One of each page that we show, as people see it.
enum SamplePages {
    static let requestID = "b7e151628aed2a6abf7158809cf4f3c7"

    static func target(_ text: String) -> ReturnTarget {
        do {
            let endpoints = try PathPattern(prefix: "/bff")
            return ReturnTarget(local: Array(text.utf8).span, endpoints: endpoints) ?? .root
        } catch {
            preconditionFailure("\(error)")
        }
    }

    static let all: [(name: String, page: Page)] = {
        let login = "/bff/login?returnUrl=%2Forders%2F42"
        var pages: [(String, Page)] = []
        for (status, reason) in [
            (400, "path_ambiguous"), (403, "csrf"), (403, "forbidden"), (404, "not_found"), (431, "headers"),
            (500, "internal"),
            (502, "upstream_broken"), (503, "provider_unavailable"), (508, "loop"),
        ] {
            let text = FailureText.of(status: status, reason: reason)
            pages.append(("error-\(status)-\(reason)", ErrorPage.page(text, status: status, requestID: requestID)))
        }
        pages.append(
            ("error-421", ErrorPage.misdirected(origins: ["https://app.example.com"], requestID: requestID)))
        for reason in SignInPage.Reason.allCases {
            pages.append(("signin-\(reason.rawValue)", SignInPage.page(reason, loginURL: login, requestID: requestID)))
        }
        pages.append(("signed-out", SignedOutPage.page(loginURL: "/bff/login")))
        pages.append(("replay", ReplayPage.page(loginURL: "/bff/login", requestID: requestID)))
        pages.append(("bounce", BouncePage.page(to: target("/orders/42?tab=a&b=c"))))
        let causes: [(String, LoopPage.Cause)] = [
            ("cookie", .cookieNotReturned(name: "__Host-Http-postern")),
            ("ended", .sessionEnded(reason: "refresh_failed")),
            ("enough", .loginNotEnough), ("application", .application),
        ]
        for (name, cause) in causes {
            let page = LoopPage.page(
                cause, target: target("/orders/42"), completed: 3, seconds: 30, loginURL: login, requestID: requestID)
            pages.append(("loop-\(name)", page))
        }
        let rows = [
            SessionsPage.Row(
                id: "k3J9", began: "21 November 2025, 09:41 UTC", lastSeen: "just now", isCurrent: true),
            SessionsPage.Row(
                id: "Zq0x", began: "19 November 2025, 17:02 UTC", lastSeen: "20 November 2025, 08:15 UTC",
                isCurrent: false),
            SessionsPage.Row(
                id: "p8Lm", began: "18 November 2025, 11:30 UTC", lastSeen: "19 November 2025, 12:44 UTC",
                isCurrent: false),
        ]
        pages.append(("sessions", SessionsPage.page(user: "ann@example.com", rows: rows, endURL: "/bff/sessions/end")))
        return pages
    }()
}
