import Foundation
import NIOCore
import RealmMigration
import RegionRouter
import TenantDirectory

/// What a residency hook says, in its body or its query (connect-protocol §2.3).
struct HookBody: Sendable, Equatable {
    /// The host's name of the migration, a number or a text; `nil` where it gave none.
    var name: String?
    /// With `schedule` and `start`.
    var window: HookWindow?

    private struct Shape: Decodable {
        var startTime: String?
        var endTime: String?
        var location: String?
        var migrationId: Name?
    }

    private enum Name: Decodable {
        case name(String)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Int64.self) {
                self = .name(String(number))
            } else {
                self = .name(try container.decode(String.self))
            }
        }
    }

    /// Characters of a name.
    private static let nameLength = 128

    /// - Throws: `badBody`.
    init(_ call: HostCall, _ step: MigrationStep) throws(RouterError) {
        if step == .status {
            let parameters = call.query.split(separator: "&").map { $0.split(separator: "=", maxSplits: 1) }
            name = parameters.first { $0.first == "migrationId" && $0.count == 2 }
                .flatMap { String($0[1]).removingPercentEncoding }
        } else {
            let shape = try Self.shape(Array(call.body.readableBytesView), isDue: step == .schedule)
            if case .name(let given)? = shape.migrationId { name = given }
            if step == .schedule { window = try Self.window(shape) }
        }
        if let name, name.isEmpty || name.count > Self.nameLength || !name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) {
            throw LifecycleBody.wrong("migrationId", "is no number and no name")
        }
    }

    private static func shape(_ bytes: [UInt8], isDue: Bool) throws(RouterError) -> Shape {
        if bytes.isEmpty, !isDue { return Shape() }
        do {
            return try JSONDecoder().decode(Shape.self, from: Data(bytes))
        } catch {
            throw RouterError(
                .badBody, "The body of a residency hook must be JSON with its members as the host has them.")
        }
    }

    private static func window(_ shape: Shape) throws(RouterError) -> HookWindow {
        guard let start = shape.startTime.flatMap(milliseconds) else {
            throw LifecycleBody.wrong("startTime", "is not a time such as 2021-12-26T00:00:00.000Z")
        }
        guard let end = shape.endTime.flatMap(milliseconds) else {
            throw LifecycleBody.wrong("endTime", "is not a time such as 2021-12-26T00:00:00.000Z")
        }
        return HookWindow(start: start, end: end, location: shape.location.flatMap { Region($0) })
    }

    /// Since 1970.
    private static func milliseconds(_ text: String) -> Int64? {
        let date =
            (try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(text))
            ?? (try? Date.ISO8601FormatStyle().parse(text))
        return date.map { Int64(($0.timeIntervalSince1970 * 1_000).rounded()) }
    }
}
