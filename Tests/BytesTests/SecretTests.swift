import Bytes
import Testing

@Suite("Secret and ConstantTime")
struct SecretTests {
    @Test("a secret is never printed")
    func printing() {
        let secret = Secret("hunter2")
        struct Holder { let token: Secret }
        var dumped = ""
        dump(Holder(token: secret), to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), "\(Holder(token: secret))", dumped] {
            // As text, and as bytes.
            #expect(!text.contains("hunter2") && !text.contains("104, 117"))
        }
    }

    @Test("a secret gives back what it was given")
    func exposed() {
        #expect(Secret("é").exposedText == "é")
        #expect(Secret([0xFF]).exposedText == nil)
        #expect(Secret([1, 2]).exposed == [1, 2])
        #expect(Secret([1, 2]).count == 2 && Secret("").isEmpty)
        #expect(Secret("a") == Secret([97]) && Secret("a") != Secret("b"))
        #expect(Set([Secret("a"), Secret("a"), Secret("b")]).count == 2)
    }

    @Test("wiping one secret touches neither its source nor what was taken out")
    func wiping() {
        let source: [UInt8] = (0..<64).map { $0 + 1 }
        var taken: [UInt8] = []
        do {
            let secret = Secret(source)
            taken = secret.exposed
        }
        #expect(source == (0..<64).map { $0 + 1 })
        #expect(taken == source)
        #expect(Secret(source).exposed == source)
    }

    @Test("constant-time comparison is comparison")
    func constantTime() {
        for count in 0..<40 {
            let bytes = (0..<count).map { UInt8($0) }
            #expect(ConstantTime.equal(bytes, bytes))
            #expect(!ConstantTime.equal(bytes, bytes + [0]))
            for index in bytes.indices {
                for bit in 0..<8 {
                    var other = bytes
                    other[index] ^= 1 << bit
                    #expect(!ConstantTime.equal(bytes, other))
                }
            }
        }
        #expect(ConstantTime.equal("é", "é") && !ConstantTime.equal("\u{212A}", "K"))
    }
}
