import Bytes
import Formats
import HTTPServer
import Sockets

/// Who may do more than ask how the gateway is (contract, section 5).
struct AdministrationAccess: Sendable {
    enum Verdict: Equatable {
        case granted
        /// There is nothing for anybody: no token is set.
        case absent
        /// A browser asks on somebody else's behalf.
        case foreign
        case unauthenticated
    }

    let token: Secret?

    func judge(_ request: ServiceRequest) -> Verdict {
        // What a page of another site, or a name that was made to point here, may bring about in a browser.
        guard Self.isOurs(request.host), Self.isSameOrigin(request),
            !["cross-site", "same-site"].contains(request.header("Sec-Fetch-Site") ?? "")
        else { return .foreign }
        // The file's permissions have asked already.
        if request.peer == "unix" { return .granted }
        guard let token else { return .absent }
        guard let presented = Self.presented(request) else { return .unauthenticated }
        return ConstantTime.equal(presented, token.exposed) ? .granted : .unauthenticated
    }

    /// An IP literal or localhost: a DNS name could be anybody's (DNS rebinding).
    private static func isOurs(_ host: String) -> Bool {
        guard let (name, _) = ListenAddress.split(host) else { return false }
        return name.lowercased() == "localhost" || IPAddress(name) != nil
    }

    private static func isSameOrigin(_ request: ServiceRequest) -> Bool {
        request.headers("Origin").allSatisfy { $0.lowercased() == "http://" + request.host.lowercased() }
    }

    /// The token of `Authorization: Bearer`, or the password of `Basic` (RFC 6750, section 2.1; RFC 7617).
    private static func presented(_ request: ServiceRequest) -> [UInt8]? {
        let fields = request.headers("Authorization")
        guard fields.count == 1, let space = fields[0].firstIndex(of: " ") else { return nil }
        let value = fields[0][fields[0].index(after: space)...].drop { $0 == " " }
        switch fields[0][..<space].lowercased() {
        case "bearer": return Array(value.utf8)
        case "basic":
            guard let pair = Base64.decode(String(value)), let colon = pair.firstIndex(of: UInt8(ascii: ":")) else {
                return nil
            }
            return Array(pair[(colon + 1)...])
        default: return nil
        }
    }
}
