import Bytes
import HTTP
import Testing

@Suite struct SetCookieTests {
    private func make(
        _ name: String = "a", _ value: String = "b", path: String = "/", maxAge: Int? = nil, secure: Bool = true,
        httpOnly: Bool = true, sameSite: SetCookie.SameSite = .lax
    ) -> SetCookie? {
        SetCookie(
            name: name, value: value, path: path, maxAge: maxAge, isSecure: secure, isHTTPOnly: httpOnly,
            sameSite: sameSite)
    }

    @Test("E1 E2 E3 E4 a session cookie has its attributes and no others")
    func attributes() {
        #expect(
            make("__Host-Http-postern", "x")?.text == "__Host-Http-postern=x; Path=/; Secure; HttpOnly; SameSite=Lax")
        #expect(
            make("postern", "x", secure: false, sameSite: .strict)?.text
                == "postern=x; Path=/; HttpOnly; SameSite=Strict")
        #expect(
            make("l", "x", path: "/bff/callback", maxAge: 600, sameSite: .none)?.text
                == "l=x; Path=/bff/callback; Max-Age=600; Secure; HttpOnly; SameSite=None")
    }

    @Test("E5 K8 a name keeps what its prefix promises, in any letters")
    func prefixes() {
        for name in ["__Host-a", "__host-a", "__HOST-a", "__Host-Http-a"] {
            #expect(make(name) != nil)
            #expect(make(name, secure: false) == nil)
            #expect(make(name, path: "/x") == nil)
        }
        #expect(make("__Host-Http-a", httpOnly: false) == nil)
        #expect(make("__Host-a", httpOnly: false) != nil)
        #expect(make("__Http-a", httpOnly: false) == nil)
        #expect(make("__Http-a", secure: false) == nil)
        #expect(make("__Secure-a", secure: false) == nil)
        #expect(make("__Secure-a", path: "/x", httpOnly: false) != nil)
        #expect(make("a", secure: false, sameSite: .none) == nil)
    }

    @Test(
        "E8 a value is cookie octets and a name is a token",
        arguments: [" ", ";", ",", "\"", "\\", "\r\n", "\u{0}", "\u{7F}", "é", "\t"])
    func grammar(_ bad: String) {
        #expect(make("a", "x" + bad) == nil)
        #expect(make("a" + bad) == nil)
        if bad != "," && bad != "\"" && bad != "\\" { #expect(make(path: "/" + bad) == nil) }
    }

    @Test("E8 sizes and ranges")
    func limits() {
        #expect(make("") == nil)
        #expect(make("a", "") != nil)
        #expect(make("a", String(repeating: "x", count: 4095)) != nil)
        #expect(make("a", String(repeating: "x", count: 4096)) == nil)
        #expect(make(path: "") == nil)
        #expect(make(path: "x") == nil)
        #expect(make(maxAge: -1) == nil)
    }

    @Test("E8 the same name is not set twice in one response")
    func twice() async throws {
        var fields = Fields()
        try #require(make("a")).append(to: &fields)
        try #require(make("b")).append(to: &fields)
        check(fields.count(of: .setCookie) == 2)
        await #expect(processExitsWith: .failure) {
            let cookie = SetCookie(name: "a", value: "1", isSecure: true, sameSite: .lax)
            var fields = Fields()
            cookie?.append(to: &fields)
            cookie?.append(to: &fields)
        }
    }

    @Test("E13 deletion repeats the attributes")
    func deletion() {
        #expect(
            make("__Host-Http-postern", "x")?.deletion.text
                == "__Host-Http-postern=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax")
    }

    @Test(
        "E12 the name of a foreign Set-Cookie is the one under which it comes back",
        arguments: [
            ("a=b; Path=/", "a"), (" a = b", "a"), ("a", ""), ("=a=b", "a"), ("==a=b", "a"), (" = a=b;", "a"),
            ("=a", ""), ("", ""),
            ("a;b=c", ""), ("__Host-a=\"x\"", "__Host-a"),
        ])
    func names(_ value: String, _ expected: String) {
        #expect(Transcript.text(SetCookie.name(of: value.utf8Span.span)) == expected)
    }
}
