private import Time

/// One entry of the contract's `upstreams:`: where an application is and how it is spoken to.
package struct UpstreamSettings: Sendable, Equatable {
    /// How one of several servers is chosen.
    package enum Balance: String, Sendable, CaseIterable {
        case roundRobin = "round_robin"
        case leastRequests = "least_requests"
        case hashSession = "hash_session"
    }

    /// How an `https` server is verified, and who we say we are.
    package struct TLS: Sendable, Equatable {
        /// A PEM bundle beside the system's.
        package var ca: String?
        /// The name to ask for and to verify; nil: the server's host.
        package var serverName: String?
        /// PEM files of a client certificate and its key.
        package var certificate: String?
        package var key: String?
        package var verify = true

        package init() {}
    }

    /// A request of ours that asks a server whether it is well.
    package struct HealthCheck: Sendable, Equatable {
        package var path = "/healthz"
        package var interval: Duration = .seconds(5)
        /// Good answers in a row until a server is used again.
        package var healthy = 2
        /// Bad answers in a row until a server is no longer used.
        package var unhealthy = 3

        package init() {}
    }

    /// When a server that fails is left alone for a while.
    package struct Ejection: Sendable, Equatable {
        /// Failures to connect or to answer, in a row.
        package var failures = 5
        package var duration: Duration = .seconds(10)

        package init() {}
    }

    /// How many requests may wait for a connection, and how long.
    package struct Queue: Sendable, Equatable {
        package var requests = 1000
        package var wait: Duration = .seconds(5)

        package init() {}
    }

    /// Named relaxations.
    package enum Tolerance: String, Sendable, CaseIterable {
        /// Tokens over plain http off loopback, without a warning.
        case plainHTTP = "plain_http"
    }

    /// The name that routes use.
    package var name: String
    /// At least one.
    package var servers: [UpstreamServer]
    package var balance: Balance = .leastRequests
    package var tls = TLS()
    package var http2 = false
    package var connectTimeout: Duration = .seconds(5)
    /// To the response head; bodies and streams only by ``idleTimeout``.
    package var responseTimeout: Duration = .seconds(60)
    /// Between two pieces of a body, in either direction.
    package var idleTimeout: Duration = .minutes(5)
    /// Idle connections kept, per worker; while a burst lasts, as many as it needs.
    package var keepAlive = 128
    /// Shorter than the 5 s of common application servers.
    package var keepAliveTimeout: Duration = .seconds(4)
    package var dnsRefresh: Duration = .seconds(10)
    package var healthCheck: HealthCheck?
    package var ejection = Ejection()
    package var queue = Queue()
    /// Further tries of an idempotent request, before any response byte (G41).
    package var retries = 1
    package var tolerate: Set<Tolerance> = []

    package init(name: String, servers: [UpstreamServer]) {
        self.name = name
        self.servers = servers
    }
}
