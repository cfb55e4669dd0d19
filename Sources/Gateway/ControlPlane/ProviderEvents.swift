import JOSE
import OpenIDConnect
import Telemetry

/// Log lines and metrics of what happens between us and the provider.
struct ProviderEvents: Sendable {
    private let settings: ProviderSettings
    private let log: Logger
    /// Ends a gateway that must not run (H1).
    private let fatal: @Sendable (String) -> Void

    init(_ settings: ProviderSettings, log: Logger, fatal: @escaping @Sendable (String) -> Void) {
        self.settings = settings
        self.log = log
        self.fatal = fatal
    }

    func note(_ event: ProviderEvent) {
        let name = (("provider" as StaticString), LogValue.string(settings.name))
        switch event {
        case .discovered(let metadata):
            let features = metadata.features.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
            log.info("provider_discovered", [name, ("features", .string(features))])
            for warning in metadata.warnings(settings) {
                log.warning("provider_warning", [name, ("warning", .string(warning))])
            }
        case .discoveryFailed(let problem, let hasCopy, let retryIn):
            if case .metadata(.developmentProvider) = problem, !hasCopy {
                fatal(
                    """
                    \(settings.issuer) is a development provider: it signs in anybody as anybody
                      for a trial on this machine write  provider: { tolerate: [development_provider] }  with an http public_url
                    """)
            }
            log.warning(
                "provider_unavailable",
                [
                    name, ("reason", .string(problem.reason)), ("has_copy", .bool(hasCopy)),
                    ("retry_seconds", .integer(retryIn.components.seconds)),
                ])
        case .keysChanged(let keys):
            log.info("provider_keys", [name, ("keys", .count(keys.keys.count))])
            for warning in keys.warnings {
                log.warning("provider_key_unused", [name, ("warning", .string("\(warning)"))])
            }
        case .keysFailed(let problem, let hasCopy, let retryIn):
            log.warning(
                "provider_keys_unavailable",
                [
                    name, ("reason", .string(problem.reason)), ("has_copy", .bool(hasCopy)),
                    ("retry_seconds", .integer(retryIn.components.seconds)),
                ])
        case .documentNotLoaded(let kind):
            log.warning("provider_copy_not_loaded", [name, ("kind", .string(kind.rawValue))])
        case .documentNotSaved(let kind):
            log.warning("provider_copy_not_saved", [name, ("kind", .string(kind.rawValue))])
        case .scopeWidened(let scopes):
            log.warning("scope_widened", [name, ("scopes", .string(scopes.joined(separator: " ")))])
        case .userinfoSkipped(let reason): log.warning("userinfo_skipped", [name, ("reason", .string(reason))])
        case .refreshedIDTokenIgnored(let reason):
            log.warning("refreshed_id_token_ignored", [name, ("reason", .string(reason))])
        case .callsHeldBack(let wait):
            log.warning("provider_calls_held_back", [name, ("seconds", .integer(wait.components.seconds))])
        }
    }
}
