import TestSupport
import Testing

extension ProductTests {
    /// What an upstream's own refusal of a token leads to.
    @Suite struct RefusedTokens {
        private static let challenge = "WWW-Authenticate: Bearer realm=\"api\", error=\"invalid_token\""

        @Test("B31, A62 an upstream that refuses an older token gets a new one, once, if the request may be repeated")
        func renewed() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = try stage.signedIn()
                let first = try #require(stage.upstream.requests.last?.bearer)
                stage.upstream.forget()
                stage.upstream.answers { request, peer in
                    let isOld = request.bearer == first
                    try peer.send(
                        EchoUpstream.answer(
                            isOld ? "refused" : "served", status: isOld ? "401 Unauthorized" : "200 OK",
                            fields: isOld ? [Self.challenge] : []))
                }
                // A token that was granted a moment ago would not get better.
                let young = try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin)
                #expect(young.status == 401 && young.text == "refused")
                #expect(young.header("WWW-Authenticate")?.contains("invalid_token") == true)
                #expect(stage.refreshes == 0)

                // Half a minute later it may. What cannot be repeated never is, and passes as it came.
                try eventually("the token is old enough", within: 60) {
                    stage.upstream.forget()
                    let post = try browser.askOnce(
                        stage.url("/api"), .fetch, from: .sameOrigin, method: "POST", body: "x")
                    #expect(post.status == 401 && stage.upstream.requests.count == 1 && stage.refreshes == 0)
                    stage.upstream.forget()
                    let get = try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin)
                    guard get.status == 200 else {
                        #expect(stage.refreshes == 0)
                        return false
                    }
                    #expect(get.text == "served")
                    return true
                }
                #expect(stage.refreshes == 1)
                #expect(stage.upstream.requests.map(\.line) == ["GET /api HTTP/1.1", "GET /api HTTP/1.1"])
                #expect(stage.upstream.requests.first?.bearer == first)
                #expect(stage.upstream.requests.last?.bearer != first)

                // One that refuses every token causes no storm, and no loop.
                stage.upstream.answers(
                    EchoUpstream.answer("refused", status: "401 Unauthorized", fields: [Self.challenge]))
                for _ in 1...5 {
                    #expect(try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin).status == 401)
                }
                #expect(stage.refreshes == 1)
            }
        }

        @Test("A62, G40 other refusals are the browser's to see, as they came")
        func passed() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = try stage.signedIn()
                for field in ["WWW-Authenticate: Basic realm=x", "WWW-Authenticate: Bearer", "X-Nothing: 1"] {
                    stage.upstream.answers(
                        EchoUpstream.answer("no", status: "401 Unauthorized", fields: [field]))
                    let answer = try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin)
                    #expect(answer.status == 401 && answer.text == "no" && answer.head.contains(field))
                }
                stage.upstream.answers(
                    EchoUpstream.answer(
                        "no", status: "403 Forbidden",
                        fields: ["WWW-Authenticate: Bearer error=\"insufficient_scope\""]))
                #expect(try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin).status == 403)
                #expect(stage.refreshes == 0)
            }
        }

        @Test("B36 a token that still lives is used while the provider fails, however close its end is")
        func lastSeconds() async throws {
            try await onThread {
                // Every request waits for a refresh, since the token always ends within five seconds.
                let stage = try Stage { $0.lifetime = 5 }
                let browser = try stage.signedIn()
                stage.provider.bend { $0.intercept = { call, _ in call.endpoint == .token ? .empty(500) : nil } }
                stage.upstream.forget()
                try eventually("a refresh was tried, and failed", within: 10) {
                    let answer = try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin)
                    // Never 503 before the token's end; never anything but 200 or 503.
                    #expect(answer.status == 200 || (answer.status == 503 && stage.refreshes > 0))
                    return stage.refreshes > 0
                }
                #expect(stage.upstream.requests.count >= 1)
            }
        }
    }
}
