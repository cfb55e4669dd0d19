private import Formats
import HTTPServer
import Time

/// The demo API's event stream: the time of day, every second, for as long as somebody listens.
struct EventClock: ServiceConversation {
    let time: TimeSource

    func run(_ line: ServiceLine) async {
        // So that a page that loses the stream does not ask again at once for ever.
        line.send(Array("retry: 5000\n\n".utf8))
        var number = 0
        while !Task.isCancelled {
            number += 1
            let text = JSONObject([("number", .integer(Int64(number))), ("time", .string(RFC3339.string(time.now())))])
            line.send(Array("data: ".utf8) + JSONValue.object(text).encoded + Array("\n\n".utf8))
            try? await Task.sleep(for: .seconds(1))
        }
    }
}
