import Routing

extension Endpoint {
    /// What a request must show before anything else is looked at (A17, E21).
    var demand: EndpointDemand {
        switch self {
        // Forced logout is an attack like forced login: a click, not a picture or a frame (F1).
        case .login, .logout: .navigation
        case .callback, .logoutCallback: .nothing
        case .user: .header
        case .session: .ownPage
        }
    }
}
