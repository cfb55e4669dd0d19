// swift-tools-version: 6.2
import PackageDescription

/// The compiler is the first reviewer: every target is built under these.
let houseRules: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableExperimentalFeature("Lifetimes"),
]

/// Buffers, heads and tables are small functions of other modules on every request: they must be seen through.
///
/// Not for modules whose classes keep what changes with every request: seen through, their properties count as everybody's,
/// and each access to one becomes a question to the runtime.
let seenThrough: [SwiftSetting] = [
    .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release))
]

/// Tests speak to the same strict compiler, but may use Foundation and unsafe constructs freely.
let testRules: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableExperimentalFeature("Lifetimes"),
]

func house(_ name: String, _ imports: [Target.Dependency], isSeenThrough: Bool = true) -> Target {
    .target(
        name: name, dependencies: imports, path: "Sources/\(name)",
        swiftSettings: houseRules + (isSeenThrough ? seenThrough : []))
}

func door(_ name: String, pkgConfig: String, package: String) -> Target {
    .systemLibrary(name: name, path: "Sources/C/\(name)", pkgConfig: pkgConfig, providers: [.apt([package])])
}

func command(_ name: String, _ imports: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: imports, path: "Sources/\(name)", swiftSettings: houseRules + seenThrough,
        linkerSettings: [
            // One file to copy. Not while debugging: the thread sanitizer has to see the runtime's own hand-overs.
            .unsafeFlags(["-static-stdlib"], .when(configuration: .release)),
            // Symbols and debug sections are half of the file, and nobody debugs in production with them.
            .unsafeFlags(["-Xlinker", "-s"], .when(configuration: .release)),
        ])
}

func tests(_ name: String, _ imports: [Target.Dependency]) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.target(name: name)] + imports, path: "Tests/\(name)Tests",
        swiftSettings: testRules)
}

let package = Package(
    name: "postern",
    products: [
        .executable(name: "postern", targets: ["PosternCommand"]),
        .executable(name: "postern-dev", targets: ["PosternDevCommand"]),
    ],
    targets: [
        // C libraries, one door each.
        door("COpenSSL", pkgConfig: "openssl", package: "libssl-dev"),
        door("CCurl", pkgConfig: "libcurl", package: "libcurl4-openssl-dev"),
        door("CSQLite", pkgConfig: "sqlite3", package: "libsqlite3-dev"),
        door("CYAML", pkgConfig: "yaml-0.1", package: "libyaml-dev"),
        door("CJansson", pkgConfig: "jansson", package: "libjansson-dev"),
        door("CNGHTTP2", pkgConfig: "libnghttp2", package: "libnghttp2-dev"),
        .target(name: "CLinux", path: "Sources/C/CLinux"),

        // Ground.
        house("Time", []),
        house("Bytes", []),
        house("Formats", ["CJansson", "Bytes", "Time"]),
        house("Threads", ["Time"]),
        house("Telemetry", ["Bytes", "Formats", "Threads", "Time"]),

        // Engines: bytes in, events out.
        house("Cryptography", ["COpenSSL", "Bytes"]),
        house("TLS", ["COpenSSL", "Bytes", "Threads", "Time"]),
        house("HTTP", ["CNGHTTP2", "Bytes", "Formats", "Time"]),
        house("JOSE", ["Bytes", "Formats", "Cryptography", "Time"]),

        // Machinery: everything with a descriptor.
        house("Sockets", ["CLinux", "Bytes", "Threads", "Time"], isSeenThrough: false),
        house(
            "HTTPServer", ["Bytes", "Formats", "Sockets", "TLS", "HTTP", "Telemetry", "Threads", "Time"],
            isSeenThrough: false),
        house(
            "HTTPClient", ["Bytes", "Formats", "Sockets", "TLS", "HTTP", "Telemetry", "Threads", "Time"],
            isSeenThrough: false),
        house("Fetching", ["CCurl", "Bytes", "Formats", "Threads", "Time"]),

        // Knowledge: what a session, a provider and a route are.
        house("Sessions", ["CSQLite", "Bytes", "Formats", "Threads", "Cryptography", "Time"]),
        house("OpenIDConnect", ["Bytes", "Formats", "HTTP", "JOSE", "Cryptography", "Threads", "Time"]),
        house("Routing", ["Bytes", "Formats", "HTTP", "Time"]),

        // Product.
        house(
            "Gateway",
            [
                "Time", "Bytes", "Formats", "Threads", "Telemetry", "Cryptography", "HTTP", "JOSE", "Sockets",
                "HTTPServer", "HTTPClient", "Fetching", "Sessions", "OpenIDConnect", "Routing",
            ], isSeenThrough: false),
        house(
            "Administration",
            ["Bytes", "Formats", "HTTP", "HTTPServer", "Telemetry", "Sessions", "Gateway", "Sockets", "Time"]),
        house(
            "Configuration",
            [
                "CYAML", "Bytes", "Formats", "TLS", "HTTP", "HTTPServer", "HTTPClient", "Sessions", "OpenIDConnect",
                "Routing", "Telemetry", "Gateway", "Administration", "Sockets", "Cryptography", "Time",
            ]),
        house(
            "DevIdentityProvider",
            [
                "Bytes", "Formats", "Threads", "Telemetry", "Cryptography", "JOSE", "HTTP", "Sockets", "HTTPServer",
                "Fetching", "Time",
            ]),

        // Commands.
        command(
            "PosternCommand",
            [
                "Configuration", "Gateway", "Administration", "Telemetry", "Formats", "Cryptography", "OpenIDConnect",
                "Sessions", "Routing", "Fetching", "Bytes", "HTTP", "HTTPServer", "Sockets", "Time",
            ]),
        command(
            "PosternDevCommand",
            [
                "Configuration", "Gateway", "Administration", "Telemetry", "Formats", "Cryptography", "OpenIDConnect",
                "Sessions", "Routing", "Fetching", "Bytes", "HTTP", "HTTPServer", "Sockets", "JOSE", "Time",
                "DevIdentityProvider", "HTTPClient", "Threads",
            ]),

        // Tests: one target a module, support shared by all, and the product over real sockets.
        .target(
            name: "TestSupport",
            dependencies: [
                "Bytes", "Formats", "Threads", "Cryptography", "TLS", "JOSE", "HTTP", "Sockets", "HTTPServer",
                "HTTPClient", "Fetching", "OpenIDConnect", "Time",
            ],
            path: "Tests/TestSupport", swiftSettings: testRules),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "Bytes", "Configuration", "Cryptography", "Formats", "HTTP", "HTTPServer", "JOSE", "Routing", "Sockets",
                "TestSupport", "Time",
            ],
            path: "Tests/Fuzz/FuzzTargets", swiftSettings: testRules),
        .testTarget(
            name: "FuzzTests", dependencies: ["FuzzTargets"], path: "Tests/FuzzTests", swiftSettings: testRules),
        tests("Bytes", ["Time"]),
        tests("Formats", ["Bytes", "Time", "TestSupport"]),
        tests("Threads", ["Time"]),
        tests("Telemetry", ["Bytes", "Formats", "Time"]),
        tests("Cryptography", ["Bytes", "Formats"]),
        tests("TLS", ["COpenSSL", "Bytes", "Time", "TestSupport"]),
        tests("HTTP", ["Bytes", "Formats", "Time", "TestSupport"]),
        tests("JOSE", ["Bytes", "Formats", "Cryptography", "Time"]),
        tests("Sockets", ["Bytes", "Threads", "Time"]),
        tests(
            "HTTPServer", ["Bytes", "Formats", "Sockets", "TLS", "HTTP", "Telemetry", "Threads", "Time", "TestSupport"]),
        tests(
            "HTTPClient",
            ["Bytes", "Formats", "Sockets", "TLS", "HTTP", "HTTPServer", "Threads", "Time", "TestSupport"]),
        tests("Fetching", ["Bytes", "Formats", "HTTP", "HTTPServer", "Time", "TestSupport"]),
        tests("Sessions", ["Bytes", "Formats", "Cryptography", "Threads", "Time", "TestSupport"]),
        tests(
            "OpenIDConnect",
            [
                "Bytes", "Formats", "HTTP", "HTTPServer", "Sockets", "JOSE", "Cryptography", "Threads", "Fetching",
                "Time",
                "TestSupport",
            ]),
        tests("Routing", ["Bytes", "Formats", "HTTP", "Time", "TestSupport"]),
        tests(
            "Gateway",
            [
                "Bytes", "Formats", "HTTP", "HTTPServer", "HTTPClient", "Sockets", "Sessions", "OpenIDConnect",
                "Routing",
                "Cryptography", "Telemetry", "Time", "TestSupport",
            ]),
        tests(
            "Configuration",
            [
                "Bytes", "Formats", "HTTP", "HTTPServer", "HTTPClient", "Sessions", "OpenIDConnect", "Routing",
                "Gateway",
                "Administration", "Telemetry", "Sockets", "Time",
            ]),
        tests(
            "DevIdentityProvider",
            [
                "Bytes", "Formats", "Threads", "Cryptography", "JOSE", "HTTP", "Sockets", "HTTPServer", "Fetching",
                "Time",
                "TestSupport",
            ]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "Bytes", "Formats", "Threads", "Cryptography", "TLS", "JOSE", "HTTP", "Sockets", "HTTPServer",
                "HTTPClient",
                "Fetching", "Time", "TestSupport", "DevIdentityProvider",
            ],
            path: "Tests/EndToEndTests", swiftSettings: testRules),
    ]
)

// The fuzzers: `Tests/scripts/fuzz`. libFuzzer needs other flags for every module, so its program is there only when asked
// for; the tests run the committed inputs without it.
if Context.environment["POSTERN_FUZZ"] != nil {
    package.targets += [
        .target(name: "CLibFuzzer", path: "Tests/Fuzz/CLibFuzzer"),
        .executableTarget(
            name: "PosternFuzz", dependencies: ["CLibFuzzer", "FuzzTargets"], path: "Tests/Fuzz/PosternFuzz",
            swiftSettings: testRules),
    ]
    package.products.append(.executable(name: "postern-fuzz", targets: ["PosternFuzz"]))
}
