package import Time

/// Reads the configuration file at `path`.
///
/// Called with the module's name, `Configuration.load(path:)`. Same input, same answer: nothing but the arguments is
/// looked at.
///
/// - Parameters:
///   - path: the file; relative paths in it begin at its directory.
///   - environment: for `${env:…}` and `$STATE_DIRECTORY`.
///   - now: certificates that are not valid then are warned of.
package func load(
    path: String, environment: [String: String], files: ConfigurationFiles = .system,
    now: Timestamp = TimeSource.system.now()
) -> ConfigurationResult {
    do throws(ConfigurationFileError) {
        return load(bytes: try files.read(path), path: path, environment: environment, files: files, now: now)
    } catch {
        let problem = Problem(
            .error, file: path, line: 1, column: 1, message: "the file cannot be read: \(error.reason)",
            hint: "--config or $POSTERN_CONFIG names another")
        return ConfigurationResult(settings: nil, problems: [problem])
    }
}

/// Reads a configuration that is in memory; `path` names it in messages and is where relative paths begin.
package func load(
    bytes: [UInt8], path: String, environment: [String: String], files: ConfigurationFiles = .system,
    now: Timestamp = TimeSource.system.now()
) -> ConfigurationResult {
    let context = ReadingContext(file: path, environment: environment, files: files, now: now)
    let tree = YAMLTree(bytes)
    for fault in tree.faults { context.error(fault.mark, fault.message, hint: fault.hint) }
    var settings: GatewayConfiguration?
    if let root = tree.root {
        settings = ConfigurationReader(context: context).read(root)
    } else if tree.faults.isEmpty {
        context.error(.start, "the file is empty", hint: "config/minimal.yaml is a beginning")
    }
    let problems = context.problems.sorted()
    let isUsable = !problems.contains { $0.severity == .error }
    return ConfigurationResult(settings: isUsable ? settings : nil, problems: problems)
}
