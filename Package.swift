// swift-tools-version:6.2
import PackageDescription

// Fuzzing needs sanitizers in all that it looks into, so it joins the manifest only when asked for (make fuzz).
let withFuzzTargets = Context.environment["RESIDENCY_FUZZ"] == "1"

let package = Package(
    name: "residency-gateway",
    products: [.executable(name: "residency-gateway", targets: ["ResidencyGateway"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.100.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.44.1"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.0.0", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.0.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.10.0", traits: []),
    ],
    targets: [
        // Each system library is wrapped once, by the target that names it below.
        .systemLibrary(name: "CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CLibCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        // In the order of the arrows: a target may import only what stands above it.
        .target(
            name: "TenantDirectory",
            dependencies: [
                "CLibCrypto", "CLibPQ",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        .target(
            name: "RegionRouter",
            dependencies: [
                "TenantDirectory",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        .target(
            name: "RealmMigration",
            dependencies: [
                "TenantDirectory", "CLibCurl",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        .executableTarget(
            name: "ResidencyGateway",
            dependencies: [
                "TenantDirectory", "RegionRouter", "RealmMigration",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ]),
        .systemLibrary(name: "CSpawn", path: "Tests/CSpawn"),
        // The only home of doubles.
        .target(
            name: "TestSupport",
            dependencies: [
                "CSpawn", "TenantDirectory", "RegionRouter", "RealmMigration",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Tests/TestSupport"),
        // A process that writes until a test kills it.
        .executableTarget(name: "StoreWriter", dependencies: ["TenantDirectory"], path: "Tests/StoreWriter"),
        // A process that holds a tenant for as long as it is told (make hold).
        .executableTarget(name: "HoldDriver", dependencies: ["TenantDirectory"], path: "Tests/HoldDriver"),
        .testTarget(
            name: "TenantDirectoryTests",
            dependencies: [
                "TenantDirectory", "TestSupport", "StoreWriter",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        .testTarget(
            name: "RegionRouterTests",
            dependencies: [
                "RegionRouter", "TenantDirectory", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
            ],
            resources: [.copy("Fixtures")]),
        .testTarget(
            name: "RealmMigrationTests",
            dependencies: [
                "RealmMigration", "TenantDirectory", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        .testTarget(
            name: "ResidencyGatewayTests",
            dependencies: [
                "ResidencyGateway", "RealmMigration", "RegionRouter", "TenantDirectory", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Yams", package: "Yams"),
            ],
            resources: [.copy("Fixtures")]),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "ResidencyGateway", "RealmMigration", "RegionRouter", "TenantDirectory", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]),
        .testTarget(name: "TidyTests"),
    ]
)

// One list for every target of ours: the manifest is the law of the house.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    // `any P` is written where a value hides its type.
    .enableUpcomingFeature("ExistentialAny"),
    // A file sees the members of the modules it imports, and of no others.
    .enableUpcomingFeature("MemberImportVisibility"),
    // An import is a detail of its file unless it says `package`.
    .enableUpcomingFeature("InternalImportsByDefault"),
    // An async function runs where its caller runs.
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]
if withFuzzTargets {
    package.targets.append(
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "RegionRouter", "TenantDirectory", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
            ],
            path: "Tests/Fuzz",
            exclude: ["Corpus", "fuzz.sh"],
            // The other linkers cannot read what the sanitizers leave behind.
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]))
    // Fast, and with the checks of a debug build: an index outside of a buffer ends the run.
    let flags = ["-O", "-assert-config", "Debug", "-sanitize=address"]
    for target in package.targets
    where ["TenantDirectory", "RegionRouter", "TestSupport", "Fuzz"].contains(target.name) {
        let isSubject = target.name == "TenantDirectory" || target.name == "RegionRouter"
        target.swiftSettings = [.unsafeFlags(flags + (isSubject ? ["-sanitize=fuzzer", "-parse-as-library"] : []))]
    }
}
// The event loops own what they touch, which is what exclusive access means; the check of it at run time costs the
// data plane some four per cent, and stays on in debug builds, where the tests run.
let hotPath: [SwiftSetting] = [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]
for target in package.targets where ["TenantDirectory", "RegionRouter"].contains(target.name) {
    target.swiftSettings = hotPath + (target.swiftSettings ?? [])
}
for target in package.targets where target.type != .system {
    target.swiftSettings = settings + (target.swiftSettings ?? [])
}
