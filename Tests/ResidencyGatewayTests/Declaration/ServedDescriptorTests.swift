import Foundation
import RegionRouter
import TenantDirectory
import Testing

@testable import ResidencyGateway

@Suite("The served descriptor")
struct ServedDescriptorTests {
    private func served(_ descriptor: String, _ settings: String) throws -> String {
        let configuration = try ConfigurationFile.read(
            settings, file: "gateway.yaml", folder: URL(fileURLWithPath: "/"), environment: [:]
        ).configuration
        let declaration = try DeclarationFile.read(descriptor, source: "app.json", remote: nil)
        let router = try makeRouterConfiguration(configuration, declaration)
        let bytes = try #require(
            ServedDescriptor.bytes(of: declaration, endpoints: router.endpoints, configuration: configuration))
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let settings = """
        app: { declaration: app.json }
        public:
          baseUrl: "https://gate.example.com"
          regionBaseUrls: { US: "https://us.gate.example.com", EU: "https://eu.gate.example.com" }
        defaultRegion: EU
        """

    @Test("carries the public URLs, what residency needs, and all else as it was and where it was")
    func whole() throws {
        let text = try served(
            #"""
            {"regionBaseUrls": {"EU": "http://127.0.0.1:3001", "US": "http://127.0.0.1:3002"}, "key": "app",
             "baseUrl": "http://127.0.0.1:3001", "authentication": {"type": "jwt"}, "apiVersion": 1,
             "name": "a \"b\" \u00e4",
             "lifecycle": {"installed": "/installed"}, "scopes": [], "links": {}, "enableLicensing": false,
             "version": "1.0",
             "modules": {"webPanels": [{"key": "p", "weight": 1e2, "url": "/p",
               "conditions": [null, -0.5, "true", "1"]}]}}
            """#, Self.settings)
        #expect(
            text == #"""
                {
                  "regionBaseUrls": {
                    "EU": "https://eu.gate.example.com",
                    "US": "https://us.gate.example.com"
                  },
                  "key": "app",
                  "baseUrl": "https://gate.example.com",
                  "authentication": {
                    "type": "jwt"
                  },
                  "apiVersion": 1,
                  "name": "a \"b\" ä",
                  "lifecycle": {
                    "installed": "/installed",
                    "dare-migration": "/.residency/migration"
                  },
                  "scopes": [],
                  "links": {},
                  "enableLicensing": false,
                  "version": "1.0",
                  "modules": {
                    "webPanels": [
                      {
                        "key": "p",
                        "weight": 1e2,
                        "url": "/p",
                        "conditions": [
                          null,
                          -0.5,
                          "true",
                          "1"
                        ]
                      }
                    ]
                  },
                  "dataResidency": {
                    "maxMigrationDurationHours": 2
                  }
                }

                """#)
        _ = try JSONSerialization.jsonObject(with: Data(text.utf8))
    }

    @Test("keeps the app's own path and hours of migration")
    func own() throws {
        let text = try served(
            """
            {"key": "app", "baseUrl": "http://127.0.0.1:3001", "authentication": {"type": "jwt"},
             "regionBaseUrls": {"EU": "http://127.0.0.1:3001", "US": "http://127.0.0.1:3002"},
             "lifecycle": {"installed": "/installed", "dare-migration": "/move"},
             "dataResidency": {"maxMigrationDurationHours": 4.5}}
            """, Self.settings)
        #expect(text.contains(#""dare-migration": "/move""#))
        #expect(text.contains(#""maxMigrationDurationHours": 4.5"#))
    }

    @Test("of an app without regions says nothing about them")
    func noRegions() throws {
        let text = try served(
            """
            {"key": "app", "baseUrl": "http://127.0.0.1:3001", "authentication": {"type": "jwt"},
             "lifecycle": {"installed": "/installed"}}
            """,
            """
            app: { declaration: app.json }
            public: { baseUrl: "https://gate.example.com" }
            defaultRegion: EU
            """)
        #expect(text.contains(#""baseUrl": "https://gate.example.com""#))
        #expect(!text.contains("regionBaseUrls"))
        #expect(!text.contains("dare-migration"))
    }

    @Test("of an app whose only region shares the plain URL names that URL twice")
    func sharedURL() throws {
        let text = try served(
            """
            {"key": "app", "baseUrl": "http://127.0.0.1:3001", "authentication": {"type": "jwt"},
             "regionBaseUrls": {"EU": "http://127.0.0.1:3001"}, "lifecycle": {"installed": "/installed"}}
            """,
            """
            app: { declaration: app.json }
            public: { baseUrl: "https://gate.example.com", regionBaseUrls: { EU: "https://gate.example.com" } }
            """)
        #expect(text.contains(#""baseUrl": "https://gate.example.com""#))
        #expect(text.contains(#""EU": "https://gate.example.com""#))
    }
}
