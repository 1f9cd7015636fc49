import Logging
import RegionRouter
import TenantDirectory

/// What the data plane tells the directory, written down under the host's name.
struct DirectoryReports: TenantReports {
    let directory: Directory
    let logger: Logger

    func forgeInstallation(_ install: ForgeInstall) async throws(DirectoryError) -> Tenant {
        let tenant = try await directory.recordForgeInstallation(install, actor: "host")
        logger.info(
            "a Forge installation was seen for the first time",
            metadata: ["tenant": "\(tenant.id)", "region": "\(tenant.placement.region)"])
        return tenant
    }

    func hostRealm(_ region: Region, of tenant: TenantID) async {
        do throws(DirectoryError) {
            let changed = try await directory.noteHostRealm(region, of: tenant)
            if changed.isDisplaced {
                logger.notice(
                    "the host calls another region than the tenant's data is in",
                    metadata: ["tenant": "\(tenant)", "called": "\(region)", "region": "\(changed.placement.region)"])
            }
        } catch {
            // The next call of the tenant reports it again.
            logger.debug("a host realm could not be noted", metadata: ["error": "\(error)"])
        }
    }
}
