import HTTPClient
import Testing

@Suite struct UpstreamServerTests {
    @Test(
        "the three forms",
        arguments: [
            ("http://127.0.0.1:3000", UpstreamServer.Place.tcp(host: "127.0.0.1", port: 3000), false, "127.0.0.1:3000"),
            ("HTTP://API.example/", .tcp(host: "api.example", port: 80), false, "api.example"),
            ("https://api.example:443", .tcp(host: "api.example", port: 443), true, "api.example"),
            ("http://[::1]:8080", .tcp(host: "::1", port: 8080), false, "[::1]:8080"),
            ("unix:/run/app.sock", .unix(path: "/run/app.sock"), false, "localhost"),
        ])
    func forms(_ text: String, _ place: UpstreamServer.Place, _ isSecure: Bool, _ authority: String) throws {
        let server = try #require(UpstreamServer(text))
        #expect(server.place == place)
        #expect(server.isSecure == isSecure)
        #expect(server.authority == authority)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", "127.0.0.1:3000", "ftp://a", "http://", "http://a/b", "http://a?b", "http://a#b", "http://u@a",
            "http://a:0",
            "http://a:b", "http://a b", "unix:app.sock",
        ])
    func refused(_ text: String) { #expect(UpstreamServer(text) == nil) }
}
