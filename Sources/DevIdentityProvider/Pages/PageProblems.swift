extension PageProblem {
    var status: Int {
        switch self {
        case .foreignForm: 403
        case .notFound: 404
        case .internalError: 500
        default: 400
        }
    }

    static let unreadableRequest = PageProblem(
        title: "Unreadable request",
        detail: "The parameters of this request could not be read.",
        advice: "They must be application/x-www-form-urlencoded UTF-8, and each may come once.")

    static let endedInteraction = PageProblem(
        title: "This sign-in has ended",
        detail: "It was finished already, took more than ten minutes, or belongs to another browser.",
        advice: "Go back to the application and start again.")

    static let foreignForm = PageProblem(
        title: "Form refused",
        detail: "This form was not sent from a page that this provider gave to this browser.",
        advice: "Go back to the application and start again. Cookies must be allowed for this address.")

    static let unknownUser = PageProblem(
        title: "Unknown user",
        detail: "There is nobody of that name here.",
        advice: "Choose one of the users on the sign-in page, or add one with --users FILE.")

    static let unknownLogoutClient = PageProblem(
        title: "Unknown application",
        detail: "The application that asks for this sign-out is not registered here.",
        advice: "Check its client_id. You are still signed in.")

    static let otherLogoutClient = PageProblem(
        title: "Two applications in one request",
        detail: "The client_id is not the application for which the ID token was made.",
        advice: "Send the id_token_hint of the same application, or leave one of them out. You are still signed in.")

    static let unregisteredLogoutURI = PageProblem(
        title: "Unregistered sign-out address",
        detail: "The address to return to is not registered for this application.",
        advice: "post_logout_redirect_uri is compared character by character. You are still signed in.")

    static let notFound = PageProblem(
        title: "Nothing here",
        detail: "This development provider has no such page.",
        advice: "Its endpoints are listed at the issuer's /.well-known/openid-configuration.")

    static let internalError = PageProblem(
        title: "Something broke",
        detail: "The provider could not finish this request.",
        advice: "Look at what the program printed.")
}
