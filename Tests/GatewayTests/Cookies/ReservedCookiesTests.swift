import Testing

@testable import Gateway

@Suite struct ReservedCookiesTests {
    @Test(
        "E11 E12 our names are ours in any disguise",
        arguments: [
            "__Host-Http-postern", "__host-http-POSTERN", "__Host-postern", "__Secure-postern", "__Http-postern",
            "postern", "Postern", "postern-login-abcd1234", "__Host-Http-postern-loop", "POSTERN-logout",
            "__Host-Http-sid", "sid", "__Secure-SID",
        ])
    func ours(_ name: String) {
        let isOurs = ReservedCookies(sessionCookie: "__Host-Http-sid").contains(Array(name.utf8).span)
        #expect(isOurs)
    }

    @Test(
        "E11 other cookies pass",
        arguments: ["", "a", "posterns", "my-postern", "__Host-app", "sid2", "_postern", "__"])
    func others(_ name: String) {
        let isOurs = ReservedCookies(sessionCookie: "__Host-Http-sid").contains(Array(name.utf8).span)
        #expect(!isOurs)
    }
}
