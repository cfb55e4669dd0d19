import Sockets
import Testing

@Suite struct SlabTests {
    @Test("a key kept too long finds nobody") func stale() {
        var slab = Slab<String>()
        let first = slab.insert("a")
        #expect(slab[first] == "a")
        slab.remove(first)
        #expect(slab[first] == nil)
        let second = slab.insert("b")
        #expect(second.index == first.index)
        #expect(second != first)
        #expect(slab[first] == nil)
        slab.remove(first)
        #expect(slab[second] == "b")
        #expect(slab.count == 1)
        #expect(slab[Slot(index: 99, tenancy: 1)] == nil)
    }
}
