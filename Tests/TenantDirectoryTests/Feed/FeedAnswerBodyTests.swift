import TestSupport
import Testing

@testable import TenantDirectory

@Suite("A page of the feed between nodes")
struct FeedAnswerBodyTests {
    private func page() throws -> FeedPage {
        let (eu, us) = (try #require(Region("EU")), try #require(Region("US")))
        let full = TenantRecord(
            id: .random(),
            aliases: [
                TenantAlias(.connect, app: "app", name: "clé \"1\""), TenantAlias(.forge, app: "ari", name: "i"),
            ],
            state: .disabled, placement: Placement(region: us, epoch: 7, state: .held), hostRealm: eu,
            hostBaseURL: "https://a", product: "jira", cloudID: "c", secret: [0, 1, 255], previousSecret: [2],
            previousSecretUntil: 5, sequence: 3, installedAt: 1, updatedAt: 2, uninstalledAt: 4, disputedEpoch: 9)
        let bare = TenantRecord(
            id: .random(), aliases: [], state: .pending, placement: Placement(region: eu, epoch: 1, state: .serving),
            sequence: 6, installedAt: 1, updatedAt: 2)
        return FeedPage(
            changes: [.changed(full), .removed(.random(), epoch: 2, sequence: 5), .changed(bare)],
            history: [FeedPosition(sequence: 3, id: "x"), FeedPosition(sequence: 6, id: "y")],
            position: FeedPosition(sequence: 6, id: "y"), isLast: true, contactAge: .milliseconds(1_500))
    }

    @Test("is read as it was written, and so is a position that is not known")
    func roundTrip() throws {
        for answer in [FeedAnswer.page(try page()), .cut] {
            #expect(try FeedAnswerBody.decode(FeedAnswerBody.encode(answer), from: "eu-2") == answer)
        }
    }

    @Test(
        "that is not what it should be is not used",
        arguments: [
            ("", ""), ("{", "}}"), ("\"epoch\":7", "\"epoch\":0"), ("\"region\":\"US\"", "\"region\":\"us\""),
            ("\"state\":\"disabled\"", "\"state\":\"odd\""), ("\"sequence\":5", "\"sequence\":2"),
            ("\"framework\":\"connect\"", "\"framework\":\"other\""), ("Millis\":1500", "Millis\":-1"),
        ])
    func misfit(part: String, other: String) throws {
        let text = String(decoding: FeedAnswerBody.encode(.page(try page())), as: UTF8.self)
        let changed = part.isEmpty ? "" : text.replacing(part, with: other)
        #expect(changed != text)
        let error = #expect(throws: DirectoryError.self) {
            _ = try FeedAnswerBody.decode(Array(changed.utf8), from: "eu-2")
        }
        #expect(error?.message.contains("eu-2") == true)
    }
}
