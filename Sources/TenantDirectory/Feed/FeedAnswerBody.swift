import Foundation

/// A page of the feed as it travels from node to node: JSON, secrets sealed as they are stored. A field that a newer
/// node adds is passed over by an older one.
package struct FeedAnswerBody: Codable {
    private struct Position: Codable {
        var sequence: Int64
        var id: String
    }

    private struct Alias: Codable {
        var framework: String
        var app: String
        var name: String
    }

    /// A record, or what is left of one where `state` is absent.
    private struct Change: Codable {
        var id: String
        var sequence: Int64
        var epoch: Int64
        var state: String?
        var region: String?
        var placement: String?
        var aliases: [Alias]?
        var hostRealm: String?
        var hostBaseURL: String?
        var product: String?
        var cloudID: String?
        var secret: Data?
        var previousSecret: Data?
        var previousSecretUntil: Int64?
        var installedAt: Int64?
        var updatedAt: Int64?
        var uninstalledAt: Int64?
        var disputedEpoch: Int64?
    }

    private struct Page: Codable {
        var changes: [Change]
        var history: [Position]
        var position: Position
        var isLast: Bool
        var contactAgeMillis: Int64
    }

    /// `nil` where the position that was asked for is not known.
    private var page: Page?

    /// The bytes to send.
    package static func encode(_ answer: FeedAnswer) -> [UInt8] {
        var body = FeedAnswerBody()
        if case .page(let page) = answer {
            body.page = Page(
                changes: page.changes.map(change), history: page.history.map(position),
                position: position(page.position), isLast: page.isLast,
                contactAgeMillis: page.contactAge.milliseconds)
        }
        // Nothing in it can fail to be encoded.
        return (try? JSONEncoder().encode(body)).map(Array.init) ?? Array("{}".utf8)
    }

    /// What another node has sent, read without trust.
    /// - Throws: `.unavailable` for bytes that are not a page, or break a rule of the feed.
    package static func decode(_ bytes: [UInt8], from source: String) throws(DirectoryError) -> FeedAnswer {
        guard let body = try? JSONDecoder().decode(FeedAnswerBody.self, from: Data(bytes)) else {
            throw misfit(source, "it is not the JSON of a page")
        }
        guard let page = body.page else { return .cut }
        var changes: [FeedChange] = []
        for change in page.changes {
            guard let read = read(change), read.sequence > changes.last?.sequence ?? 0,
                read.sequence <= page.position.sequence
            else { throw misfit(source, "a record in it is not what it should be") }
            changes.append(read)
        }
        guard page.contactAgeMillis >= 0 else { throw misfit(source, "its age is negative") }
        return .page(
            FeedPage(
                changes: changes, history: page.history.map { FeedPosition(sequence: $0.sequence, id: $0.id) },
                position: FeedPosition(sequence: page.position.sequence, id: page.position.id), isLast: page.isLast,
                contactAge: .milliseconds(page.contactAgeMillis)))
    }

    private static func misfit(_ source: String, _ what: String) -> DirectoryError {
        DirectoryError(.unavailable, "\(source) has sent a page of the change feed that cannot be used: \(what).")
    }

    private static func position(_ position: FeedPosition) -> Position {
        Position(sequence: position.sequence, id: position.id)
    }

    private static func change(_ change: FeedChange) -> Change {
        switch change {
        case .removed(let id, let epoch, let sequence):
            return Change(id: id.description, sequence: sequence, epoch: epoch)
        case .changed(let record):
            return Change(
                id: record.id.description, sequence: record.sequence, epoch: record.placement.epoch,
                state: record.state.rawValue, region: record.placement.region.code,
                placement: record.placement.state.rawValue,
                aliases: record.aliases.map { Alias(framework: $0.framework.rawValue, app: $0.app, name: $0.name) },
                hostRealm: record.hostRealm?.code, hostBaseURL: record.hostBaseURL, product: record.product,
                cloudID: record.cloudID, secret: record.secret.map { Data($0) },
                previousSecret: record.previousSecret.map { Data($0) },
                previousSecretUntil: record.previousSecretUntil, installedAt: record.installedAt,
                updatedAt: record.updatedAt, uninstalledAt: record.uninstalledAt, disputedEpoch: record.disputedEpoch)
        }
    }

    private static func read(_ change: Change) -> FeedChange? {
        guard let id = TenantID(change.id), change.epoch > 0 else { return nil }
        guard let stateName = change.state else {
            return .removed(id, epoch: change.epoch, sequence: change.sequence)
        }
        guard let state = Tenant.State(rawValue: stateName), let region = change.region.flatMap({ Region($0) }),
            let placement = change.placement.flatMap({ Placement.State(rawValue: $0) }),
            let installedAt = change.installedAt, let updatedAt = change.updatedAt
        else { return nil }
        var aliases: [TenantAlias] = []
        for alias in change.aliases ?? [] {
            guard let framework = TenantAlias.Framework(rawValue: alias.framework) else { return nil }
            aliases.append(TenantAlias(framework, app: alias.app, name: alias.name))
        }
        return .changed(
            TenantRecord(
                id: id, aliases: aliases, state: state,
                placement: Placement(region: region, epoch: change.epoch, state: placement),
                hostRealm: change.hostRealm.flatMap { Region($0) }, hostBaseURL: change.hostBaseURL,
                product: change.product, cloudID: change.cloudID, secret: change.secret.map(Array.init),
                previousSecret: change.previousSecret.map(Array.init),
                previousSecretUntil: change.previousSecretUntil, sequence: change.sequence,
                installedAt: installedAt, updatedAt: updatedAt, uninstalledAt: change.uninstalledAt,
                disputedEpoch: change.disputedEpoch))
    }
}
