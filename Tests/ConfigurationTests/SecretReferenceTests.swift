import Testing

@testable import Configuration

@Suite struct SecretReferenceTests {
    private let reference = SecretReference(
        context: ReadingContext(
            file: "/etc/postern/postern.yaml", environment: ["A": "1", "EMPTY": "", "_b9": "x${env:A}"],
            files: ConfigurationFiles([
                "/run/secrets/x": Array("s\n".utf8), "/run/secrets/none": [], "/run/secrets/two": Array("s\n\n".utf8),
                "/run/secrets/dos": Array("s\r\n".utf8), "/etc/postern/near": Array("n".utf8),
                "/run/secrets/large": [UInt8](repeating: 0x61, count: 70_000), "/run/secrets/nul": [0x61, 0, 0x62],
            ])))

    @Test(
        "References are followed once; what they bring is not read again",
        arguments: [
            ("plain", "plain", false), ("${env:A}", "1", true), ("x${env:A}y${env:A}", "x1y1", true),
            ("${env:B:-two}", "two", true), ("${env:EMPTY:-two}", "two", true), ("${env:B:-}", "", true),
            ("${env:B:-a:-b}", "a:-b", true), ("${env:EMPTY}", "", true), ("${env:_b9}", "x${env:A}", true),
            ("${file:/run/secrets/x}", "s", true), ("${file:/run/secrets/two}", "s\n", true),
            ("${file:/run/secrets/dos}", "s\r", true), ("${file:/run/secrets/none}", "", true),
            ("${file:near}", "n", true), ("${file:./near}", "n", true), ("$${env:A}", "${env:A}", false),
            ("$A $$ {A}", "$A $$ {A}", false), ("a$${b}${env:A}", "a${b}1", true),
        ])
    func followed(text: String, value: String, isSecret: Bool) throws {
        #expect(try reference.expand(text) == SecretReference.Expansion(text: value, isSecret: isSecret))
    }

    @Test("B15 a secret that all users may read is noticed, in a container's mount it is not")
    func permissions() throws {
        let files = ConfigurationFiles(
            read: { (_) throws(ConfigurationFileError) in Array("s".utf8) }, kind: { _ in .file },
            mode: { $0.contains("closed") ? 0o640 : 0o644 })
        let context = ReadingContext(file: "postern.yaml", environment: [:], files: files)
        let reference = SecretReference(context: context)
        #expect(try reference.expand("${file:/etc/open}${file:/etc/closed}").openFiles == ["/etc/open"])
        #expect(try reference.expand("${file:/run/secrets/open}").openFiles == [])
    }

    @Test(
        "A reference that leads nowhere is an error, never an empty value",
        arguments: [
            "${env:B}", "${env:}", "${env:9}", "${env:a-b}", "${env:ä:-x}", "${file:}", "${file:/missing}",
            "${file:/run/secrets/large}",
            "${file:/run/secrets/nul}", "${vault:x}", "${}", "${env:A", "${ENV:A}", "${env:B:-${env:A}}",
        ])
    func refused(text: String) {
        #expect(throws: SecretReference.Failure.self) { try reference.expand(text) }
    }
}
