/// What an error says to a person: never what the client sent, never what is behind the gateway.
package struct FailureText: Sendable, Equatable {
    package var title: String
    package var explanation: String
    /// What to do about it.
    package var advice: String?

    package init(_ title: String, _ explanation: String, _ advice: String? = nil) {
        self.title = title
        self.explanation = explanation
        self.advice = advice
    }

    /// The words for an error; the reason is the one of the problem document.
    package static func of(status: Int, reason: String) -> FailureText {
        byReason(reason) ?? byStatus(status)
    }

    private static func byReason(_ reason: String) -> FailureText? {
        if reason.hasPrefix("path_") {
            return FailureText(
                "This address cannot be read safely",
                "The path of the address holds characters that programs read in different ways, so it is not passed on.",
                "Check the address, or follow a link on the site instead.")
        }
        return switch reason {
        case "csrf":
            FailureText(
                "This request was not made by this site",
                "Your browser says that another site caused the request, or it does not say that this one did.",
                "If you were filling in a form, open the page again and send it from there.")
        case "return_url":
            FailureText(
                "The link to sign in is broken", "It asks to go on at an address that does not belong to this site.",
                "Open the page you want, and sign in from there.")
        case "access_denied":
            FailureText(
                "Access was not granted", "Your identity provider says that the sign-in was refused or cancelled.",
                "Try again, or ask the people who run this site for access.")
        case "forbidden":
            FailureText(
                "You do not have access to this page", "You are signed in, but your account is not allowed to open it.",
                "Ask the people who run this site, or sign in with another account.")
        case "interaction_required":
            FailureText(
                "You need to sign in again",
                "Your identity provider wants to ask you something before it signs you in.",
                "Sign in yourself; it cannot be done in the background this time.")
        case "provider_answer":
            FailureText(
                "Signing in failed",
                "The identity provider gave an answer that cannot be trusted, so nobody was signed in.",
                "Try again. If it happens every time, tell the people who run this site, with the request number below."
            )
        case "sid":
            FailureText(
                "This sign-out link is not yours",
                "It belongs to another session than the one in this browser, so nothing was ended.",
                "Use the sign-out button of the site.")
        case "token_echoed":
            FailureText(
                "The application's answer was held back", "It contained something that must not reach a browser.",
                "Tell the people who run this site, with the request number below.")
        case "provider_unavailable":
            FailureText(
                "Signing in is not possible right now",
                "The identity provider does not answer. Whoever is signed in stays signed in.",
                "Try again in a minute.")
        case "store_unavailable":
            FailureText(
                "Sessions cannot be read right now",
                "You have not been signed out: the place where sessions are kept does not answer.",
                "Try again in a moment.")
        case "sign_out_not_recorded":
            FailureText(
                "You are not signed out for good yet",
                "Your session is closed, but that could not be written down: the place where sessions are kept does not answer.",
                "Load this page again in a moment, until it says that you are signed out.")
        case "busy":
            FailureText("Too busy right now", "More requests are waiting than can be served.", "Try again in a moment.")
        case "speculative":
            FailureText("Not yet", "Your browser asked for this page ahead of time; open it to go on.")
        case "callback", "login_expired", "login_unknown":
            FailureText(
                "This sign-in cannot be completed",
                "It was begun in another browser, too long ago, or with cookies turned off.",
                "Begin again. If it happens every time, allow cookies for this site.")
        default: nil
        }
    }

    private static func byStatus(_ status: Int) -> FailureText {
        switch status {
        case 401: FailureText("Sign in to continue", "This page is for people who are signed in.")
        case 403:
            FailureText(
                "You do not have access", "The request was understood, and is not allowed.",
                "Ask the people who run this site if you think it should be.")
        case 404:
            FailureText("There is nothing at this address", "The page may have moved, or the address may be misspelt.")
        case 405: FailureText("This does not work here", "The address exists, but not for this kind of request.")
        case 408:
            FailureText(
                "The request took too long", "It did not arrive in full.", "Check your connection, and try again.")
        case 413:
            FailureText(
                "This is too large", "What you sent is larger than what is accepted here.", "Send something smaller.")
        case 414:
            FailureText(
                "The address is too long", "It is longer than what is accepted here.",
                "Shorten it, or begin at the front page.")
        case 417: FailureText("An expectation cannot be met", "The request expects something that is not done here.")
        case 421:
            FailureText(
                "This is not the address of the site", "The site is known under another name.", "Use the address below."
            )
        case 425:
            FailureText(
                "Not yet", "The request came before the connection was safe from being repeated by others.",
                "Load this page again.")
        case 426:
            FailureText(
                "Another version is needed", "The request asks for a version of WebSockets that is not spoken here.")
        case 429:
            FailureText("Too many requests", "More came from here than are accepted at once.", "Try again in a minute.")
        case 431:
            FailureText(
                "The request carries too much",
                "Its header is larger than what is accepted here. Often these are old cookies.",
                "Delete the cookies of this site, and try again.")
        case 400..<500:
            FailureText("The request cannot be understood", "It does not follow the rules, so it is not passed on.")
        case 501: FailureText("This is not supported", "The request asks for something that is not done here.")
        case 502:
            FailureText(
                "The application gave no proper answer", "What is behind this gateway failed, or cannot be reached.",
                "Try again in a moment.")
        case 503:
            FailureText(
                "Not available right now", "Something that is needed here does not answer.", "Try again in a moment.")
        case 504:
            FailureText(
                "The application took too long", "What is behind this gateway did not answer in time.",
                "Try again in a moment.")
        case 508:
            FailureText(
                "The request goes in circles", "It has passed this gateway before.",
                "Tell the people who run this site.")
        default:
            FailureText(
                "Something went wrong", "It is our fault, not yours.",
                "Try again. If it happens again, tell the people who run this site, with the request number below.")
        }
    }
}
