/// A server whose requests and responses are whole values: for small traffic such as the admin port, not for the gateway.
package protocol HTTPService: Sendable {
    /// Answers a request; cancelled when the client leaves.
    func respond(to request: ServiceRequest) async -> ServiceResponse
}
