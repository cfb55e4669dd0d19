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
        // The clock itself: a turn's time would make nothing of what was answered within it.
        let duration = loop.instant().since(startedAt)
        let metrics = worker.metrics(scene, plan, endpoint)
        metrics.count(exchange.head.method, status, duration)
        if let upstreamTime { metrics.upstream.observe(upstreamTime) }
        guard snapshot.settings.accessLog else { return }
        writeLine(exchange, duration, into: &worker.line)
        worker.lineEnded()
    }

    private func writeLine(_ exchange: Exchange, _ duration: Duration, into line: inout LogLine) {
        let head = exchange.head
        let client = clientText(exchange)
        line.begin(.info, "request", at: loop.wallTime)
        let requestID = requestID
        line.field("request_id", plain: requestID.buffer.bytes)
        line.field("client", plain: client.buffer.bytes)
        line.field("method", plain: head.methodBytes)
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
            line.field("session", plain: publicID.span)
        } else {
            line.absent("user")
            line.absent("session")
        }
        if let failure { line.field("reason", failure.reason) }
        line.end()
    }
}

extension Worker {
    /// The line and the counters of a request that never became one: what it wanted is not known.
    func writeRecord(of refusal: Refusal, bytesOut: Int) {
        let duration = loop.instant().since(refusal.startedAt)
        metrics(scene, nil, nil).count(.other, refusal.status, duration)
        guard snapshot.settings.accessLog else { return }
        let peer = masked
        peer.buffer.clear()
        refusal.peer.write(into: &peer.buffer)
        let requestID = refusedID
        line.begin(.info, "request", at: clock.now())
        line.field("request_id", plain: requestID.buffer.bytes)
        line.field("client", plain: peer.buffer.bytes)
        for unknown in ["method", "host", "path"] as [StaticString] { line.absent(unknown) }
        line.field("status", refusal.status)
        line.field("duration_ms", milliseconds: duration)
        line.absent("upstream_ms")
        line.field("bytes_in", refusal.bytesIn)
        line.field("bytes_out", bytesOut)
        for unknown in ["route", "user", "session"] as [StaticString] { line.absent(unknown) }
        line.field("reason", refusal.reason)
        line.end()
        lineEnded()
    }
}
