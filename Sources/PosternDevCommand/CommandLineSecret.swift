import Bytes
import Configuration

/// A secret as a command line gives it: itself, or where it is, since every process may read a command line.
enum CommandLineSecret {
    /// The secret that `written` stands for: `${file:PATH}` and `${env:NAME}` are followed.
    static func read(_ written: Secret) throws(Mistake) -> Secret {
        guard let text = written.exposedText else { throw .usage("a secret must be text") }
        do throws(ReferenceError) {
            return Secret(try Configuration.expand(text, environment: Environment.all))
        } catch {
            throw .configuration(error.reason)
        }
    }
}
