import Glibc
import Sockets
import Testing

@Suite struct ProcessHardeningTests {
    @Test("the soft limit of descriptors rises to the hard one") func descriptors() throws {
        let allowed = try ProcessHardening.raiseDescriptorLimit()
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #expect(limit.rlim_cur == limit.rlim_max)
        #expect(allowed == Int(limit.rlim_cur))
    }
}
