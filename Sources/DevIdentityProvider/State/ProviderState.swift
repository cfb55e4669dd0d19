/// Everything a running provider remembers; one lock guards all of it, so that each step happens once.
struct ProviderState: Sendable {
    var logins: LoginBook
    var tokens: TokenBook
    var attempts = AttemptLimiter()

    init(lifetimes: ProviderLifetimes) {
        logins = LoginBook(lifetimes: lifetimes)
        tokens = TokenBook(lifetimes: lifetimes)
    }
}
