import Bytes
import HTTP
import HTTPServer
import Routing
import Sockets
import Telemetry
import Time

/// Eighth stage: one line, and the counters.
extension RequestJourney {
    func writeRecord(_ exchange: Exchange) {
        let duration = worker.loop.now.since(startedAt)
        let metrics = worker.metrics(plan, endpoint)
        metrics.count(exchange.head.method, status, duration)
        if let upstreamTime { metrics.upstream.observe(upstreamTime) }
        guard snapshot.settings.accessLog else { return }
        writeLine(exchange, duration, into: &worker.line)
        worker.log.submit(worker.line)
    }

    private func writeLine(_ exchange: Exchange, _ duration: Duration, into line: inout LogLine) {
        let head = exchange.head
        let peer = exchange.peerText
        line.begin(.info, "request", at: worker.clock.now())
        let requestID = requestID
        line.field("request_id", requestID.buffer.bytes)
        line.field("client", peer.buffer.bytes)
        line.field("method", head.methodBytes)
        line.field("host", head.host)
        // Never the query: codes and states travel there (A54).
        line.field("path", head.path)
        line.field("status", status)
        line.field("duration_ms", milliseconds: duration)
        if let upstreamTime {
            line.field("upstream_ms", milliseconds: upstreamTime)
        } else {
            line.absent("upstream_ms")
        }
        line.field("bytes_in", exchange.bytesIn)
        line.field("bytes_out", exchange.bytesOut)
        if let plan {
            let label = plan.labelBytes
            line.field("route", label.span)
        } else if let endpoint {
            line.field("route", endpoint.label)
        } else {
            line.absent("route")
        }
        if let record = record ?? session?.record {
            let (subject, publicID) = (record.subject, record.publicID)
            line.field("user", subject.span)
            line.field("session", publicID.span)
        } else {
            line.absent("user")
            line.absent("session")
        }
        if let failure { line.field("reason", failure.reason) }
        line.end()
    }
}
