import Bytes
import Formats
import Routing
import TestSupport

extension FuzzTarget {
    /// A return URL: the first byte says where it comes from (two bits, so that `@` is `returnUrl` and a space a `Referer`)
    /// and what the route tolerates (five bits); the others are the URL.
    static let returnURL = FuzzTarget(name: "return-url") { input in
        guard input.count > 0, let site, let endpoints else { return }
        let bytes = Array(Array(input).dropFirst())
        let text = bytes.span
        var accepted: [ReturnTarget] = []
        switch input[0] >> 5 & 3 {
        case 1: accepted += [ReturnTarget(referer: text, site: site, endpoints: endpoints)].compactMap(\.self)
        case 3: accepted += [ReturnTarget(absolute: text, site: site, endpoints: endpoints)].compactMap(\.self)
        default:
            let tolerances = PathTolerances(rawValue: input[0] & 31)
            if let local = ReturnTarget(local: text, endpoints: endpoints, tolerances: tolerances) {
                require(Array(local.text.utf8) == bytes, "repaired")
                accepted.append(local)
            }
            let path = Array(bytes.prefix { $0 != 0x3F && $0 != 0x23 })
            accepted.append(
                .ofRequest(target: text, path: path.span, endpoints: endpoints, tolerances: tolerances))
        }
        for target in accepted {
            let text = Array(target.text.utf8)
            require(text.count <= ReturnTarget.limit, "too long")
            require(text.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "a byte that is no visible ASCII")
            // What is believed once is believed when it comes back from where it was sealed, with the same tolerances.
            stays(text, "as it is")
            // A page that reads its path decoded, once or twice, is not led away either; what is an endpoint of ours, we
            // say ourselves: we never decode twice, and a decoded `?` ends no path.
            var decoded = Array(text.prefix { $0 != 0x3F && $0 != 0x23 })
            for times in 1...2 {
                guard let next = PercentEncoding.decode(decoded.span) else { break }
                decoded = next
                let endsElsewhere = decoded.contains(0x3F) || decoded.contains(0x23)
                stays(decoded, "decoded", orBecomesEndpoint: times == 2 || endsElsewhere)
            }
            let login = target.loginURL(endpoints: endpoints)
            require(BrowserURL.origin(of: login) == site.origin, "another login")
            let query = Array(login.utf8.drop { $0 != 0x3F }.dropFirst())
            let pairs = try? FormEncoding.parse(query.span)
            require(
                pairs?.map(\.value) == [target.text] && pairs?.first?.name == "returnUrl", "another page after login")
        }
    }

    /// A browser that follows stays on our origin, and comes neither to our own endpoints nor to a path that leads away.
    private static func stays(_ text: [UInt8], _ how: String, orBecomesEndpoint mayBeEndpoint: Bool = false) {
        let place = BrowserURL(resolving: text, on: "https://app.example.com")
        require(place.origin == "https://app.example.com", "leads to \(place.origin) \(how)")
        require(!place.path.hasPrefix("//"), "its path leads away \(how): \(place.path)")
        let folded = place.path.lowercased()
        require(
            mayBeEndpoint || (folded != "/bff" && !folded.hasPrefix("/bff/")), "our own endpoint \(how): \(place.path)")
    }

    private static let site = URLParts("https://app.example.com").flatMap { Site($0) }
    private static let endpoints = try? PathPattern(prefix: "/bff")
}
