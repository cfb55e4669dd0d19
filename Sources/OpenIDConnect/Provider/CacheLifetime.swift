/// How long a fetched document counts as fresh (RFC 9111, section 4.2), between limits of our own.
enum CacheLifetime {
    /// What a document without `Cache-Control` gets.
    static let usual = Duration.seconds(3600)

    /// `max-age` less `Age`, clamped; `no-store` and `no-cache` give the lower limit.
    static func of(_ response: BackChannelResponse, in limits: ClosedRange<Duration>) -> Duration {
        var lifetime = usual
        let directives = response.headers.filter { $0.name == "cache-control" }.flatMap {
            $0.value.split(separator: ",")
        }
        for directive in directives {
            let parts = directive.split(separator: "=", maxSplits: 1).map { $0.filter { $0 != " " && $0 != "\"" } }
            switch parts.first?.lowercased() {
            case "no-store", "no-cache": return limits.lowerBound
            case "max-age":
                let age = response.header("age").flatMap { Int64($0) } ?? 0
                lifetime = .seconds((parts.count == 2 ? Int64(parts[1]) ?? 0 : 0).clamped - age.clamped)
            default: break
            }
        }
        return min(max(lifetime, limits.lowerBound), limits.upperBound)
    }
}

extension Int64 {
    /// No hostile number of seconds overflows what is computed with it.
    fileprivate var clamped: Int64 { Swift.min(Swift.max(self, 0), 1 << 40) }
}
