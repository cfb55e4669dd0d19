import OpenIDConnect
import Threads

/// What a reload replaces, for those who ask anew each time.
final class PresentState: Sendable {
    struct Value: Sendable {
        var snapshot: Snapshot
        var provider: ProviderClient
    }

    private let value: Locked<Value>

    init(_ snapshot: Snapshot, _ provider: ProviderClient) {
        value = Locked(Value(snapshot: snapshot, provider: provider))
    }

    var snapshot: Snapshot { value.withLock { $0.snapshot } }
    var provider: ProviderClient { value.withLock { $0.provider } }

    func replace(_ snapshot: Snapshot, _ provider: ProviderClient) {
        value.withLock { $0 = Value(snapshot: snapshot, provider: provider) }
    }
}
