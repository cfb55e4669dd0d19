import CLibFuzzer
import FuzzTargets
import Glibc

/// `postern-fuzz TARGET [libFuzzer options] [CORPUS]`; without a target their names.
///
/// See Tests/scripts/fuzz.
@main
enum PosternFuzz {
    /// The callback of libFuzzer is a C function and cannot capture the target.
    nonisolated(unsafe) static var target: FuzzTarget?

    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count > 1, let chosen = FuzzTarget.all.first(where: { $0.name == arguments[1] }) else {
            for target in FuzzTarget.all { print(target.name) }
            exit(arguments.count > 1 ? 64 : 0)
        }
        target = chosen
        // libFuzzer reads `argv` as a program's, and keeps it.
        let rest = [arguments[0]] + arguments.dropFirst(2)
        var count = CInt(rest.count)
        let vector = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: rest.count + 1)
        for (index, text) in rest.enumerated() { vector[index] = strdup(text) }
        vector[rest.count] = nil
        var argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = vector
        exit(
            LLVMFuzzerRunDriver(&count, &argv) { data, size in
                PosternFuzz.target?.run(Span(_unsafeElements: UnsafeBufferPointer(start: data, count: size)))
                return 0
            })
    }
}
