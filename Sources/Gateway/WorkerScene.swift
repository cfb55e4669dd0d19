import Bytes
import HTTPClient
import Sockets
import Telemetry

/// A snapshot as one worker lives by it: with connections to its upstreams, and with the counters of its routes.
///
/// A request keeps the scene in which it began (reload changes nothing under it); a scene that is no longer the worker's ends
/// with its last request.
final class WorkerScene {
    let snapshot: Snapshot
    /// In the order of the snapshot's upstreams.
    let pools: [UpstreamPool]
    /// Looked up at the first request of a route.
    ///
    /// Boxed: each change is one statement.
    let routeMetrics: Box<[RouteMetrics?]>
    /// Requests that go by it.
    var journeys = 0

    /// - Parameter former: the scene before; the connections to upstreams that stay as they are are taken over.
    init(
        _ snapshot: Snapshot, after former: WorkerScene?, loop: EventLoop, resolver: Resolver,
        registry: MetricRegistry
    ) throws(SystemError) {
        self.snapshot = snapshot
        var pools: [UpstreamPool] = []
        for (settings, tls) in zip(snapshot.settings.upstreams, snapshot.upstreamTLS) {
            if let same = former?.pools.first(where: { $0.settings == settings }) {
                pools.append(same)
            } else {
                pools.append(
                    try UpstreamPool(
                        settings: settings, tls: tls, meters: UpstreamMeters(registry, upstream: settings.name),
                        loop: loop, resolver: resolver))
            }
        }
        self.pools = pools
        routeMetrics = Box(Array(repeating: nil, count: snapshot.plans.count))
    }

    /// The worker lives by it from now on: connections that are made from here on are made by the certificates that it has
    /// read, in pools that it has taken over, too.
    func begin() {
        for (pool, tls) in zip(pools, snapshot.upstreamTLS) { pool.tls = tls }
    }

    /// Lets go of connections that no scene in `remaining` has.
    func end(unless remaining: [WorkerScene]) {
        for pool in pools where !remaining.contains(where: { $0.pools.contains { $0 === pool } }) { pool.retire() }
    }
}
