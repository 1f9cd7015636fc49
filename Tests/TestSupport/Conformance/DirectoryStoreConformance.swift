package import TenantDirectory
import Testing

/// What every store of the directory must do, whatever carries it. A new store is done when all cases pass, each on an
/// empty store of its own.
package struct DirectoryStoreConformance: Sendable {
    /// One promise of a store, told as a sentence.
    package struct Case: Sendable, CustomTestStringConvertible {
        package let name: String
        package let run: @Sendable (DirectoryStoreConformance) async throws -> Void

        package var testDescription: String { name }

        init(_ name: String, _ run: @escaping @Sendable (DirectoryStoreConformance) async throws -> Void) {
            self.name = name
            self.run = run
        }
    }

    let store: any DirectoryStore
    let clock: ManualDate

    /// - Parameter clock: the clock the store was made with.
    package init(store: any DirectoryStore, clock: ManualDate) {
        self.store = store
        self.clock = clock
    }

    package static let cases: [Case] =
        firstInstallCases + reinstallCases + joinCases + stateCases + listingCases + importCases + feedCases
        + nodeCases + holdCases + migrationCases

    static let reinstallWindow = Duration.seconds(30 * 86_400)

    // MARK: What the cases are told with

    func region(_ code: String) throws -> Region { try #require(Region(code)) }

    func connect(_ name: String) -> TenantAlias { TenantAlias(.connect, app: "app", name: name) }

    func forge(_ name: String) -> TenantAlias { TenantAlias(.forge, app: "ari:cloud:ecosystem::app/1", name: name) }

    func install(
        _ aliases: [TenantAlias], secret: String = "secret", in code: String = "EU", url: String = "https://a.example"
    ) throws -> Install {
        Install(
            aliases: aliases, secret: Secret(secret), hostBaseURL: url, product: "jira", cloudID: "cloud-1",
            region: try region(code), hostRealm: try region(code), reinstallWindow: Self.reinstallWindow)
    }

    /// Installs a tenant, as it is when the app has answered.
    @discardableResult
    func installed(_ aliases: [TenantAlias], secret: String = "secret", in code: String = "EU") async throws -> Tenant {
        let attempt = try await store.beginInstall(install(aliases, secret: secret, in: code), actor: "host")
        return try await store.completeInstall(attempt, keepPreviousFor: .seconds(3600), actor: "host")
    }

    /// A tenant known by a Forge call.
    @discardableResult
    func called(_ alias: TenantAlias, in code: String = "EU") async throws -> Tenant {
        try await store.recordForgeInstallation(
            ForgeInstall(
                alias: alias, cloudID: "cloud-1", hostBaseURL: nil, product: "jira", region: region(code),
                hostRealm: region(code)),
            actor: "host")
    }

    func expect(
        _ code: DirectoryError.Code, sourceLocation: SourceLocation = #_sourceLocation,
        _ body: () async throws(DirectoryError) -> Void
    ) async {
        do {
            try await body()
            Issue.record("nothing was thrown instead of \(code)", sourceLocation: sourceLocation)
        } catch {
            #expect(error.code == code, sourceLocation: sourceLocation)
        }
    }
}
