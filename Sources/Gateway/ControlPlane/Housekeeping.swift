import HTTPServer
import Sessions
import Telemetry
import Time

/// What must be done now and then: uses written, rows swept, the store and certificates looked after.
enum Housekeeping {
    static func start(
        keeper: SessionKeeper, sweeper: SessionSweeper, certificates: CertificateKeeper
    ) -> Task<Void, Never> {
        Task {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await every(.seconds(1)) { await keeper.writeUses() } }
                group.addTask { await every(.seconds(1)) { await keeper.writeEndings() } }
                group.addTask { await every(.seconds(1)) { await keeper.follow() } }
                group.addTask {
                    // While the store is lost somebody must notice its return, even when nobody signs in.
                    await every(.seconds(1)) {
                        guard keeper.health.isFailing else { return }
                        _ = try? await keeper.ask("check") { () async throws(SessionStoreError) in
                            try await keeper.registry.check()
                        }
                    }
                }
                group.addTask {
                    await every(.seconds(60)) {
                        _ = try? await sweeper.sweep()
                    }
                }
                group.addTask { await every(CertificateKeeper.interval) { certificates.refresh() } }
                group.addTask { await every(ServerTickets.rotation) { certificates.rotateTickets() } }
            }
        }
    }

    private static func every(_ interval: Duration, _ work: () async -> Void) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: interval)
            if Task.isCancelled { return }
            await work()
        }
    }
}
