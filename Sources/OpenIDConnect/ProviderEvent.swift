package import JOSE

/// What happens between us and a provider that an operator wants to know: the Gateway makes log lines and metrics of it.
package enum ProviderEvent: Sendable {
    /// New metadata is in use; ``ProviderMetadata/features`` and ``ProviderMetadata/warnings(_:)`` belong into the log.
    case discovered(ProviderMetadata)
    case discoveryFailed(DocumentProblem, hasCopy: Bool, retryIn: Duration)
    /// The key set changed; its warnings name keys that are not used.
    case keysChanged(JSONWebKeySet)
    case keysFailed(DocumentProblem, hasCopy: Bool, retryIn: Duration)
    case documentNotLoaded(ProviderDocument.Kind)
    case documentNotSaved(ProviderDocument.Kind)
    /// The provider granted scopes that were not asked for (B24).
    case scopeWidened([String])
    /// Userinfo was wanted and could not be had; the login went on without it (C53).
    case userinfoSkipped(String)
    /// A refresh brought an ID token whose key cannot be had; its tokens are used, its claims are not.
    case refreshedIDTokenIgnored(String)
    /// Calls to the token endpoint are held back for a while, since the last ones all failed (B28).
    case callsHeldBack(Duration)
}
