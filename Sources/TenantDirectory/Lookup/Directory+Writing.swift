/// Writing through to the store: what is changed here is known here at once.
extension Directory {
    /// See ``DirectoryStore/beginInstall(_:actor:)``.
    package func beginInstall(_ install: Install, actor: String) async throws(DirectoryError) -> InstallAttempt {
        let attempt = try await store.beginInstall(install, actor: actor)
        // What is returned may be ahead of what is in force: only a record that is not served yet is as returned.
        if attempt.tenant.state == .pending { apply(attempt.tenant) }
        return attempt
    }

    /// See ``DirectoryStore/completeInstall(_:keepPreviousFor:actor:)``.
    package func completeInstall(_ attempt: InstallAttempt, keepPreviousFor: Duration, actor: String)
        async throws(DirectoryError) -> Tenant
    {
        let tenant = try await store.completeInstall(attempt, keepPreviousFor: keepPreviousFor, actor: actor)
        apply(tenant)
        return tenant
    }

    /// See ``DirectoryStore/abandonInstall(_:actor:)``.
    package func abandonInstall(_ attempt: InstallAttempt, actor: String) async throws(DirectoryError) {
        try await store.abandonInstall(attempt, actor: actor)
        guard attempt.tenant.state == .pending else { return }
        if let tenant = try await store.tenant(.id(attempt.tenant.id)) {
            apply(tenant)
        } else {
            applyRemoval(of: attempt.tenant.id)
        }
    }

    /// See ``DirectoryStore/setState(_:of:actor:)``.
    package func setState(_ state: Tenant.State, of tenant: TenantID, actor: String)
        async throws(DirectoryError) -> Tenant
    {
        let changed = try await store.setState(state, of: tenant, actor: actor)
        apply(changed)
        return changed
    }

    /// See ``DirectoryStore/recordForgeInstallation(_:actor:)``.
    package func recordForgeInstallation(_ install: ForgeInstall, actor: String) async throws(DirectoryError) -> Tenant
    {
        let tenant = try await store.recordForgeInstallation(install, actor: actor)
        apply(tenant)
        return tenant
    }

    /// See ``DirectoryStore/noteHostRealm(_:of:)``.
    package func noteHostRealm(_ region: Region, of tenant: TenantID) async throws(DirectoryError) -> Tenant {
        let changed = try await store.noteHostRealm(region, of: tenant)
        apply(changed)
        return changed
    }
}
