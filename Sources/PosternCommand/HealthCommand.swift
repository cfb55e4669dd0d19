import Administration
import Configuration
import Sockets

/// `postern health`: asks the running gateway whether it is ready; for images without curl.
struct HealthCommand {
    private let path: String

    init(_ path: String) { self.path = path }

    func run() -> Exit {
        let result = Configuration.load(path: path, environment: Environment.all)
        guard let settings = result.settings else {
            for problem in result.errors { Output.message(result.render(problem)) }
            return .configuration
        }
        guard let admin = settings.administration else {
            Output.complain("\(path) turns the admin listener off (admin: null), so nobody can be asked")
            return .configuration
        }
        switch HealthQuestion.ask(admin.address, within: .seconds(5)) {
        case .ready(let text):
            Output.result(text)
            return .good
        case .notReady(let text):
            Output.result(text)
            return .no
        case .noAnswer(let reason):
            Output.complain("no answer from \(admin.address): \(reason)")
            return .no
        }
    }
}
