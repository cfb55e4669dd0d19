import Formats
import Time

/// Makes the calls to one provider: under its inner address where it has one, with limits, noting its clock.
struct ProviderCalls: Sendable {
    let settings: ProviderSettings
    let address: ProviderAddress
    let backChannel: any BackChannel
    let time: TimeSource
    let clock = ClockSkewMeter()

    /// - Parameters:
    ///   - url: a public URL; the one that is called may differ (D5a).
    ///   - reach: the addresses allowed, unless the call goes to `backchannel_url`, which a person chose.
    ///   - form: the parameters of a POST; nil makes a GET.
    func call(
        _ purpose: BackChannelRequest.Purpose, _ url: String, reach: Set<AddressScope>, accept: String,
        form: [(String, String)]? = nil, headers: [(name: String, value: String)] = [], maximumBytes: Int = 1 << 20
    ) async throws(BackChannelFailure) -> BackChannelResponse {
        let route = address.route(url)
        var headers = headers
        headers.append(("Accept", accept))
        headers.append(("User-Agent", "postern"))
        if form != nil { headers.append(("Content-Type", "application/x-www-form-urlencoded")) }
        let request = BackChannelRequest(
            purpose: purpose, provider: settings.name, url: route.url, host: route.host,
            body: form.map { [UInt8](FormEncoding.encode($0).utf8) }, headers: headers,
            reach: route.isExempt ? Set(AddressScope.allCases) : reach, timeout: settings.timeout,
            maximumBytes: maximumBytes, ca: settings.ca)
        let sent = time.now()
        let response = try await backChannel.send(request)
        clock.note(response, sent: sent, received: time.now())
        return response
    }
}
