import Bytes
import HTTP
import Sockets
import Testing

@testable import Gateway

@Suite struct ForwardedChainTests {
    private static let proxies = TrustedPeers(blocks: ["10.0.0.0/8", "fd00::/8"].compactMap { AddressBlock($0) })

    private func chain(_ family: ForwardedFamily, _ lines: String...) -> [String] {
        var fields = Fields()
        for line in lines { fields.append(family == .forwarded ? .forwarded : .xForwardedFor, utf8: line) }
        var chain = ForwardedChain()
        chain.read(fields, family, trusting: Self.proxies)
        return chain.believed.map { $0.map(\.description) ?? "?" }
    }

    @Test("G33 the client is the rightmost address that is not trusted")
    func clients() {
        #expect(chain(.xForwarded) == [])
        #expect(chain(.xForwarded, "203.0.113.7") == ["203.0.113.7"])
        #expect(chain(.xForwarded, "6.6.6.6, 203.0.113.7") == ["203.0.113.7"])
        #expect(chain(.xForwarded, "6.6.6.6, 203.0.113.7, 10.1.2.3") == ["203.0.113.7", "10.1.2.3"])
        #expect(
            chain(.xForwarded, "6.6.6.6,203.0.113.7", "10.1.2.3\t, fd00::1") == ["203.0.113.7", "10.1.2.3", "fd00::1"])
        // Where all are trusted, the leftmost began.
        #expect(chain(.xForwarded, "10.0.0.9, 10.1.2.3") == ["10.0.0.9", "10.1.2.3"])
        #expect(chain(.xForwarded, ", ,203.0.113.7,,") == ["203.0.113.7"])
    }

    @Test("G33 what is no address ends the chain: nobody to its left is believed")
    func unreadable() {
        for junk in [
            "unknown", "_hidden", "203.0.113.7.", "203.0.113", "javascript", "1.2.3.4:", "1.2.3.4:x", "[1.2.3.4]",
        ] {
            #expect(chain(.xForwarded, "203.0.113.7, \(junk)") == [], "\(junk)")
            #expect(chain(.xForwarded, "203.0.113.7, \(junk), 10.1.2.3") == ["10.1.2.3"], "\(junk)")
        }
    }

    @Test("G33 ports and brackets are read and left out")
    func ports() {
        #expect(chain(.xForwarded, "203.0.113.7:4711") == ["203.0.113.7"])
        #expect(chain(.xForwarded, "2001:db8::1") == ["2001:db8::1"])
        #expect(chain(.xForwarded, "[2001:db8::1]") == ["2001:db8::1"])
        #expect(chain(.xForwarded, "[2001:db8::1]:4711") == ["2001:db8::1"])
    }

    @Test("G33 Forwarded: quotes, ports, letters of any case, other pairs")
    func forwarded() {
        #expect(chain(.forwarded, #"for="[2001:db8::1]:4711""#) == ["2001:db8::1"])
        #expect(
            chain(.forwarded, #"For=203.0.113.7;proto=https;by=10.0.0.1, for=10.1.2.3"#) == ["203.0.113.7", "10.1.2.3"])
        #expect(chain(.forwarded, #"proto="a,b;c" ; for=203.0.113.7"#) == ["203.0.113.7"])
        #expect(chain(.forwarded, "for=203.0.113.7:80") == ["203.0.113.7"])
        #expect(chain(.forwarded, "for=6.6.6.6", "for=203.0.113.7,for=10.1.2.3") == ["203.0.113.7", "10.1.2.3"])
        #expect(chain(.forwarded, "for=203.0.113.7, proto=https") == [])
        #expect(chain(.forwarded, "for=203.0.113.7, for=unknown, for=10.1.2.3") == ["10.1.2.3"])
    }

    @Test(
        "G33 a Forwarded line that breaks its grammar tells nothing",
        arguments: [
            "for=203.0.113.7;for=1.2.3.4", "for", "for=", #"for="203.0.113.7"#, "for=203.0.113.7 for=1.2.3.4",
            #"for="\[2001:db8::1]""#, "=203.0.113.7", "for =203.0.113.7", "for=203.0.113.7;", ";",
        ])
    func broken(_ line: String) {
        #expect(chain(.forwarded, line) == [])
        #expect(chain(.forwarded, "for=203.0.113.9, " + line) == [])
    }

    @Test("G33 the host is the one that the nearest proxy tells")
    func hosts() {
        func host(_ family: ForwardedFamily, _ lines: String...) -> String? {
            var fields = Fields()
            for line in lines { fields.append(family == .forwarded ? .forwarded : .xForwardedHost, utf8: line) }
            var told: String?
            _ = ForwardedChain.host(fields, family) { bytes in
                told = String(strictUTF8: bytes)
                return 0
            }
            return told
        }
        #expect(host(.xForwarded) == nil)
        #expect(host(.xForwarded, "evil.example, app.example.com:8443 ") == "app.example.com:8443")
        #expect(host(.xForwarded, "evil.example", "app.example.com") == "app.example.com")
        #expect(
            host(.forwarded, #"for=1.2.3.4;host=evil.example, for=10.0.0.1;host="app.example.com:8443""#)
                == "app.example.com:8443")
        #expect(host(.forwarded, "host=evil.example, for=10.0.0.1") == nil)
        #expect(host(.forwarded, "host=app.example.com, ;") == nil)
    }
}
