package import Bytes

/// What a request's host, path and method lead to.
package enum RouteSelection: Equatable, Sendable {
    /// One of the gateway's own endpoints; ``RouteSelector/canonical`` says which, if it exists at all (G74).
    case endpoint
    /// The index of a route.
    case route(Int)
    /// 405; ``RouteTable/allow(_:)`` takes the number.
    case methodNotAllowed(Int)
    /// 404.
    case notFound
    /// 400.
    case refused(PathRefusal)
}

/// Reads a path once, strictly, and selects the route for it; one a worker, so that nothing is allocated a request.
///
/// Everything that is decided about a request is decided on ``canonical``, and a path that upstreams are known to read in
/// more than one way passes only when every such reading leads to the same place (G71, G72).
package struct RouteSelector: ~Copyable {
    /// The path as it was decided on, until the next call.
    package private(set) var canonical = ByteBuffer()
    private var level = ByteBuffer()
    private var relaxed = ByteBuffer()
    private var folded = ByteBuffer()

    package init() {}

    /// How often `%25` is unwrapped before the path counts as hostile.
    private static var deepestEncoding: Int { 3 }

    /// Selects the route of a request.
    ///
    /// - Parameters:
    ///   - site: which of the sites the request came to, by ``SiteOrigins``; nil for routes without a host only.
    ///   - path: as received, without the query.
    package mutating func select(
        site: Int?, path: Span<UInt8>, method: Span<UInt8>, in table: RouteTable
    ) -> RouteSelection {
        let method = table.number(ofMethod: method)
        let needs: PathTolerances
        // How much of `folded` a second parser sees, once it is written.
        var cut: Int?
        switch PathReading.plainness(of: path) {
        case .plain:
            canonical.clear()
            canonical.append(path)
            needs = []
        case .capitals:
            canonical.clear()
            canonical.append(path)
            FoldedReading.write(capitals: path, into: &folded)
            cut = folded.count
            needs = .letterCase
        case .none:
            do throws(PathRefusal) {
                needs = try PathReading.write(path, into: &canonical)
                // No dot segment gets as far as a 404.
                if needs.contains(.letterCase) { cut = try FoldedReading.write(canonical, into: &folded) }
            } catch {
                return .refused(error)
            }
        }

        switch table.match(site: site, path: canonical.bytes, method: method) {
        case .none:
            return .notFound
        case .methodNotAllowed(let group):
            return .methodNotAllowed(group)
        case .endpoint:
            if let refusal = Self.refusal(needs, tolerated: .letterCase) { return .refused(refusal) }
            return .endpoint
        case .route(let route):
            if needs.isEmpty && !table.foldsAlways { return .route(route) }
            let asked = Asked(table: table, site: site, method: method, route: route)
            if let refusal = judge(asked, needs: needs, cut: cut) { return .refused(refusal) }
            return .route(route)
        }
    }

    /// Makes every reading of the path that the route's tolerances allow, and compares where it leads.
    private mutating func judge(_ asked: Asked, needs: PathTolerances, cut: Int?) -> PathRefusal? {
        let traits = asked.table.traits[asked.route]
        var tolerated = traits.tolerances.union(.letterCase)
        // Parameters on a public route give nothing away, as long as nothing else is reached through them.
        if traits.isPublic { tolerated.insert(.semicolon) }
        if let refusal = Self.refusal(needs, tolerated: tolerated) { return refusal }
        // What is left without the route's path must not look like `//host` (E30).
        if needs.contains(.doubleSlash), traits.stripped > 0,
            canonical.bytes.extracting(traits.stripped..<canonical.count).hasPrefix("//")
        {
            return .doubleSlash
        }

        if needs.subtracting(.letterCase).isEmpty {
            if let cut { return asked.compareFolded(folded.bytes, cut: cut) }
            return asked.compare(canonical, folded: &folded)
        }
        RelaxedReading.write(canonical, taking: [], into: &level)
        var needs = needs
        var depth = 0
        while true {
            if let refusal = asked.compareRelaxed(level, needs, relaxed: &relaxed, folded: &folded) { return refusal }
            guard needs.contains(.encodedPercent), RelaxedReading.unwrapPercent(level, into: &relaxed) else {
                return nil
            }
            depth += 1
            if depth > Self.deepestEncoding { return .encodedPercent }
            do throws(PathRefusal) {
                needs = try PathReading.write(again: relaxed, into: &level)
            } catch {
                return error
            }
        }
    }

    private static func refusal(_ needs: PathTolerances, tolerated: PathTolerances) -> PathRefusal? {
        let refused = needs.subtracting(tolerated)
        if refused.isEmpty { return nil }
        if refused.contains(.encodedSlash) { return .encodedSlash }
        if refused.contains(.doubleSlash) { return .doubleSlash }
        if refused.contains(.semicolon) { return .semicolon }
        return .encodedPercent
    }
}

/// The strict reading's choice, with which every other reading is compared.
private struct Asked {
    let table: RouteTable
    let site: Int?
    let method: UInt8
    let route: Int

    /// Compares every combination of liberties that may be taken with a path.
    func compareRelaxed(
        _ path: borrowing ByteBuffer, _ needs: PathTolerances, relaxed: inout ByteBuffer, folded: inout ByteBuffer
    ) -> PathRefusal? {
        let possible = RelaxedReading.Liberties.possible(with: needs)
        for combination in 0..<RelaxedReading.Liberties.combinations {
            let taking = RelaxedReading.Liberties(rawValue: combination)
            if !possible.isSuperset(of: taking) { continue }
            RelaxedReading.write(path, taking: taking, into: &relaxed)
            let match = table.match(site: site, path: relaxed.bytes, method: method)
            guard match == .route(route) else { return .ambiguous }
            if let refusal = compare(relaxed, folded: &folded) { return refusal }
        }
        return nil
    }

    /// Compares the folded form of a reading.
    func compare(_ reading: borrowing ByteBuffer, folded: inout ByteBuffer) -> PathRefusal? {
        let cut: Int
        do throws(PathRefusal) {
            cut = try FoldedReading.write(reading, into: &folded)
        } catch {
            return error
        }
        return compareFolded(folded.bytes, cut: cut)
    }

    /// Compares what a folded form selects, and what it does up to where a second parser would stop.
    func compareFolded(_ folded: Span<UInt8>, cut: Int) -> PathRefusal? {
        if table.traits[route].tolerances.contains(.letterCase) { return nil }
        guard selectsAlike(folded) else { return .ambiguous }
        if cut < folded.count, !selectsAlike(folded.extracting(0..<cut)) { return .ambiguous }
        return nil
    }

    private func selectsAlike(_ folded: Span<UInt8>) -> Bool {
        table.foldedSelectsAlike(site: site, path: folded, method: method, route: route)
    }
}
