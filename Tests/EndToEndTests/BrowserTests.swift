import TestSupport
import Testing

@Suite struct BrowserTests {
    @Test("A real browser answers") func browser() throws {
        let browser = try Chromium()
        defer { browser.quit() }
        try browser.open("data:text/html,<title>here</title><p id=x>there")
        #expect(try browser.title == "here")
        #expect(try browser.text("#x") == "there")
        #expect(try browser.cookies.isEmpty)
    }
}
