import Time

/// How much time an exchange has, as far as its handler said so.
enum ExchangeAllowance: Equatable {
    /// As the settings say.
    case usual
    /// Its bodies may stand still for so long.
    case still(Delay)
    /// It ends then, however its client takes what waits for it.
    case until(Instant)

    func applied(to patience: ServerPatience) -> ServerPatience {
        if case .still(let time) = self { return patience.still(time) }
        return patience
    }

    /// The time that it may stand still; nil: the usual.
    var stillness: Delay? {
        if case .still(let time) = self { return time }
        return nil
    }
}
