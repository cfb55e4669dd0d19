private import Glibc

/// What the machine has.
enum Machine {
    /// Cores that are online; at least one.
    static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
