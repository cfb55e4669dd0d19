import Cryptography
import Formats
import Foundation
import Routing
import Testing

@testable import Gateway

@Suite struct PageTests {
    private static let hostile = "<script>alert('x')</script>\"&'>"

    private func text(_ page: Page) -> String { String(decoding: page.bytes, as: UTF8.self) }

    @Test("E28 A55 no page runs or loads anything", arguments: SamplePages.all.map(\.name))
    func harmless(name: String) throws {
        let page = try #require(SamplePages.all.first { $0.name == name }).page
        let html = text(page).lowercased()
        for part in [
            "<script", "<link", "<img", "<iframe", "<object", "javascript:", " src=", "@import", "url(", " style=",
            "http://",
        ] {
            #expect(!html.contains(part), "\(part)")
        }
        #expect(try !html.contains(Regex(#"\son[a-z]+="#)))
        #expect(html.hasPrefix("<!doctype html>\n<html lang=\"en\">"))
        #expect(html.contains("<meta charset=\"utf-8\">") && html.contains("name=\"viewport\""))
        if name != "error-421" { #expect(!html.contains("https://")) }
    }

    @Test("E28 the policy allows exactly the style that stands in the page")
    func styleDigest() throws {
        for (name, page) in SamplePages.all {
            let html = text(page)
            let parts = html.components(separatedBy: "<style>")
            #expect(parts.count == 2, "\(name)")
            let style = try #require(parts.last?.components(separatedBy: "</style>").first)
            let digest = Base64.encode(SHA256Digest(hashing: Array(style.utf8)).bytes)
            #expect(OwnHeaders.pagePolicy.contains("style-src 'sha256-\(digest)';"), "\(name)")
        }
    }

    @Test("A47 whatever comes from outside is text")
    func escaping() throws {
        let hostile = Self.hostile
        let pages: [Page] = [
            ErrorPage.page(
                FailureText(hostile, hostile, hostile), status: 400, requestID: hostile,
                actions: [.init(hostile, hostile)]),
            ErrorPage.misdirected(origins: [hostile], requestID: hostile),
            SignInPage.page(.absent, loginURL: hostile, requestID: hostile), SignedOutPage.page(loginURL: hostile),
            ReplayPage.page(loginURL: hostile, requestID: hostile),
            LoopPage.page(
                .cookieNotReturned(name: hostile), target: SamplePages.target("/x?\"><script>alert('x')</script>"),
                completed: 3,
                seconds: 30, loginURL: hostile, requestID: hostile),
            LoopPage.page(
                .sessionEnded(reason: hostile), target: .root, completed: 3, seconds: 30, loginURL: hostile,
                requestID: hostile),
            BouncePage.page(to: SamplePages.target("/x?\"><script>'")),
            SessionsPage.page(
                user: hostile, rows: [.init(id: hostile, began: hostile, lastSeen: hostile, isCurrent: false)],
                endURL: hostile),
        ]
        for page in pages {
            let html = text(page)
            #expect(!html.contains("<script") && !html.contains("\"&'"), "\(page.title)")
            #expect(html.contains("&lt;script&gt;"), "\(page.title)")
        }
    }

    @Test("K2 the bounce page takes the browser on by itself, and by a link where it does not")
    func bounce() {
        let html = text(BouncePage.page(to: SamplePages.target("/orders?a=1&b='2'")))
        #expect(html.contains("<meta http-equiv=\"refresh\" content=\"0;url=/orders?a=1&amp;b=&#39;2&#39;\">"))
        #expect(html.contains("href=\"/orders?a=1&amp;b=&#39;2&#39;\">Continue</a>"))
    }

    @Test("A51 the loop page names the cause, and a replayed callback offers a login without starting one")
    func loopAndReplay() {
        let loop = LoopPage.page(
            .cookieNotReturned(name: "__Host-Http-postern"), target: SamplePages.target("/orders"), completed: 3,
            seconds: 30,
            loginURL: "/bff/login?returnUrl=%2Forders", requestID: "r1")
        let html = text(loop)
        for part in [
            "3 times within 30 seconds", "<code>/orders</code>", "<code>__Host-Http-postern</code>",
            "Request <code>r1</code>",
        ] {
            #expect(html.contains(part), "\(part)")
        }
        let replay = ReplayPage.page(loginURL: "/bff/login", requestID: nil)
        #expect(replay.continuesTo == nil)
        #expect(text(replay).contains("href=\"/bff/login\">Sign in</a>"))
    }

    @Test("every error has words of its own, and an advice where one helps")
    func words() {
        for status in [
            400, 401, 403, 404, 405, 408, 413, 414, 417, 421, 429, 431, 500, 501, 502, 503, 504, 505, 508, 599,
        ] {
            let text = FailureText.of(status: status, reason: "no_such_reason")
            #expect(!text.title.isEmpty && !text.explanation.isEmpty)
            #expect(!text.explanation.contains("no_such_reason"))
        }
        for refusal in PathRefusal.allCases {
            #expect(
                FailureText.of(status: 400, reason: "\(refusal.reasonCode)").title
                    == "This address cannot be read safely")
        }
        for (status, reason) in [
            (400, "return_url"), (400, "login_unknown"), (400, "login_expired"), (400, "callback"),
            (400, "interaction_required"),
            (400, "sid"), (403, "access_denied"), (502, "provider_answer"), (502, "token_echoed"),
            (503, "provider_unavailable"),
            (503, "store_unavailable"), (503, "sign_out_not_recorded"), (503, "busy"), (503, "speculative"),
        ] {
            let general = FailureText.of(status: status, reason: "no_such_reason")
            #expect(FailureText.of(status: status, reason: reason) != general, "\(reason)")
        }
        #expect(FailureText.of(status: 403, reason: "csrf") != FailureText.of(status: 403, reason: "x"))
    }
}
