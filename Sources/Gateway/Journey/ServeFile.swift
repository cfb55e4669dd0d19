import Bytes
import HTTP
import HTTPServer
import Routing
import Sockets
import Telemetry
import Time

/// The sixth stage of a route with `files:`: the answer is on our own disk.
extension RequestJourney {
    func serveFile(_ exchange: Exchange, _ plan: RoutePlan) -> Step {
        guard let files = plan.files else { return refuse(.internalError, exchange) }
        let head = exchange.head
        // The canonical path is the worker's; others may have used it while this request waited.
        _ = worker.selector.select(site: site, path: head.path, method: head.methodBytes, in: snapshot.table)
        worker.responseFields.clear()
        let outcome: FileOutcome
        do throws(SystemError) {
            outcome = try files.respond(
                to: head, selector: worker.selector, evidence: evidence, now: now, into: &worker.responseFields)
        } catch {
            worker.log.error("file_not_read", [("route", .string(plan.label)), ("error", .string("\(error)"))])
            return refuse(.busy, exchange)
        }
        switch consume outcome {
        case .notFound: return refuse(.notFound, exchange)
        case .methodNotAllowed: return refuse(.methodNotAllowed(allow: StaticFiles.allow), exchange)
        case .answer(let answer):
            status = answer.status
            responseBegun = true
            exchange.resumeReading()
            appendClaims(plan.responsePlan, to: &worker.responseFields)
            exchange.sendHead(answer.status, worker.responseFields, framing: answer.framing)
            let transfer = FileTransfer(answer)
            if !transfer.pump(into: exchange, scratch: worker.masked) { file = transfer }
        }
        return .stay
    }
}

extension StaticFiles {
    /// Lends the path on which the route was chosen.
    fileprivate func respond(
        to head: RequestHead, selector: borrowing RouteSelector, evidence: RequestEvidence, now: Timestamp,
        into fields: inout Fields
    ) throws(SystemError) -> FileOutcome {
        try respond(to: head, path: selector.canonical.bytes, evidence: evidence, now: now, into: &fields)
    }
}
