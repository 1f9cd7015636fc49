import Foundation
import RealmMigration
import Testing
import Yams

@testable import ResidencyGateway

@Suite("config/store-contract.yaml")
struct StoreContractFileTests {
    @Test("names the calls that the mover makes, each with its method and an answer, and no others")
    func paths() throws {
        let file = try #require(
            try ShippedConfigurationTests.files(".yaml").first { $0.lastPathComponent == "store-contract.yaml" })
        let root = try #require(try Yams.compose(yaml: String(contentsOf: file, encoding: .utf8)))
        #expect(root["openapi"]?.string == "3.1.0")
        let paths = try #require(root["paths"]?.mapping)
        #expect(
            Set(paths.keys.compactMap(\.string)) == Set(StoreOperation.allCases.map { "/\($0.rawValue)" }))
        for operation in StoreOperation.allCases {
            let path = try #require(paths[Node("/\(operation.rawValue)")]?.mapping)
            #expect(path.keys.compactMap(\.string) == [operation.method.lowercased()])
            let call = try #require(path.values.first)
            let answers = try #require(call["responses"]?.mapping).keys.compactMap(\.string)
            #expect(answers.contains("409"))
            #expect(answers.contains { $0.hasPrefix("2") })
        }
    }

    @Test("names the refusals that the mover knows, and the fields that sign a call")
    func words() throws {
        let file = try #require(
            try ShippedConfigurationTests.files(".yaml").first { $0.lastPathComponent == "store-contract.yaml" })
        let text = try String(contentsOf: file, encoding: .utf8)
        let root = try #require(try Yams.compose(yaml: text))
        let refusal = root["components"]?["schemas"]?["Refusal"]?["properties"]?["code"]?["enum"]
        #expect(
            Set(refusal?.sequence?.compactMap(\.string) ?? []) == Set(StoreRefusal.Code.allCases.map(\.rawValue)))
        for field in [StoreCallSignature.timeField, StoreCallSignature.signatureField] { #expect(text.contains(field)) }
        #expect(text.contains("\(StoreCallSignature.leewaySeconds) s away"))
    }

    @Test("refers to nothing that is not there")
    func references() throws {
        let file = try #require(
            try ShippedConfigurationTests.files(".yaml").first { $0.lastPathComponent == "store-contract.yaml" })
        let text = try String(contentsOf: file, encoding: .utf8)
        let root = try #require(try Yams.compose(yaml: text))
        let references = text.matches(of: /\$ref: "#\/components\/([a-z]+)\/([A-Za-z]+)"/)
        #expect(references.count > 40)
        for reference in references {
            #expect(root["components"]?[String(reference.1)]?[String(reference.2)] != nil)
        }
    }
}
