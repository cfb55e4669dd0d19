import Bytes
import Sockets
import Testing

@Suite struct BufferPoolTests {
    @Test("memory comes back empty and is lent again; what has grown is let go") func lending() {
        let pool = BufferPool(size: 1000, most: 1)
        var a = ByteBuffer()
        var b = ByteBuffer()
        pool.lend(&a)
        pool.lend(&b)
        a.append("secret")
        pool.take(&a)
        #expect(a.capacity == 0)
        pool.take(&b)
        pool.lend(&b)
        #expect(b.count == 0)
        #expect(b.capacity >= 1000)
        b.reserve(100_000)
        pool.take(&b)
        #expect(b.capacity == 0)
    }
}
