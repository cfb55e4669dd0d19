import Routing

extension Endpoint {
    /// What a request must show before anything else is looked at (A17, E21).
    var demand: EndpointDemand {
        switch self {
        case .login: .navigation
        case .callback, .logout, .logoutCallback: .nothing
        case .user: .header
        case .session: .ownPage
        }
    }
}
