/// The sample app's declaration.
enum SampleDescriptor {
    static func value(baseURL: String, regionBaseURLs: [String: String]) -> JSONValue {
        var members: [String: JSONValue] = [
            "key": .text(SampleApp.key), "name": "Residency sample", "baseUrl": .text(baseURL),
            "description": "Shows which region answered.",
            "vendor": ["name": "Example", "url": "https://example.com"],
            "authentication": ["type": "jwt"], "apiVersion": 1, "scopes": ["READ"],
            "apiMigrations": ["signed-install": true, "context-qsh": true],
            "lifecycle": [
                "installed": "/installed", "uninstalled": "/uninstalled", "enabled": "/enabled",
                "disabled": "/disabled",
            ],
            "modules": [
                "generalPages": [
                    [
                        "key": "panel", "url": "/panel", "name": ["value": "Residency"],
                        "location": "system.top.navigation.bar",
                    ]
                ],
                "webhooks": [["event": "jira:issue_created", "url": "/webhooks/issue-created"]],
            ],
        ]
        if !regionBaseURLs.isEmpty { members["regionBaseUrls"] = .object(regionBaseURLs.mapValues { .text($0) }) }
        return .object(members)
    }
}
