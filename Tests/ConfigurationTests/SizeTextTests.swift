import Testing

@testable import Configuration

@Suite struct SizeTextTests {
    @Test(
        "Sizes are a number and a unit",
        arguments: [("16KiB", 16384), ("10MiB", 10_485_760), ("1GiB", 1 << 30), ("512B", 512), ("0", 0), ("0KiB", 0)])
    func parsed(text: String, bytes: Int) { #expect(SizeText.parse(text) == bytes) }

    @Test(
        "Anything else is none",
        arguments: [
            "", "16", "16K", "16KB", "16kib", "1.5MiB", "-1KiB", " 1KiB", "1 KiB", "999999999999999GiB", "1TiB",
        ])
    func refused(text: String) { #expect(SizeText.parse(text) == nil) }

    @Test("They are written with the largest unit that fits", arguments: ["16KiB", "10MiB", "1GiB", "1025B", "0"])
    func written(text: String) throws { #expect(SizeText.write(try #require(SizeText.parse(text))) == text) }
}
