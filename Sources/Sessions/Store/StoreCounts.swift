/// How much a store holds, of our sites.
package struct StoreCounts: Sendable, Equatable {
    /// Sessions, those included that are over and not yet swept.
    package var live = 0
    package var tombstones = 0
    package var consumedLogins = 0
    /// At least how many sessions and tombstones need a key.
    package var sealedBy: [SessionKeyID: Int] = [:]
}
