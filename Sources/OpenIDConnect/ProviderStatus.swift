/// How a provider is doing, for readiness, metrics and `check --online`.
package struct ProviderStatus: Sendable {
    /// The last thing heard of it was good: `provider_up`.
    package let isUp: Bool
    package let metadata: ProviderMetadata?
    /// Since the metadata in use was fetched.
    package let metadataAge: Duration?
    /// Why the last fetch of metadata failed; nil when it did not.
    package let problem: DocumentProblem?
    /// Since the keys in use were fetched: `jwks_age_seconds`.
    package let keysAge: Duration?
    /// The provider's clock less ours: `clock_skew_seconds`.
    package let clockSkew: Duration?
}
