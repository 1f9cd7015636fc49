/// The calls of the demo, chapter by chapter: a pure list, made from the cast.
struct DemoStory: Sendable {
    let simulator: HostSimulator
    let settings: DemoSettings
    /// Installed at the EU's URL, the US's, and the plain one.
    let alpha = HostSite.random(named: "alpha")
    let bravo = HostSite.random(named: "bravo", product: "confluence")
    let charlie = HostSite.random(named: "charlie")
    /// Known by Forge alone.
    let delta = HostSite.random(named: "delta")

    private var plain: String { settings.plainURL }
    private var eu: String { settings.regionURL("EU") }
    private var us: String { settings.regionURL("US") }

    func chapters() throws -> [DemoChapter] {
        [installs, pages, webhooks, try forge(), try refusals(), rotation, uninstall]
    }

    // MARK: Chapters

    private var installs: DemoChapter {
        DemoChapter(
            title: "Three sites install the app, each at the URL of its region",
            steps: [
                DemoStep("alpha installs at \(eu)", install(alpha, eu), .answered(in: "EU")),
                DemoStep("bravo installs at \(us)", install(bravo, us), .answered(in: "US")),
                DemoStep("charlie installs at the plain URL", install(charlie, plain), .answered(in: "EU")),
                DemoStep(
                    "alpha is enabled",
                    simulator.lifecycle("enabled", site: alpha, path: "/enabled", baseURL: eu), .answered(in: "EU")),
            ])
    }

    private var pages: DemoChapter {
        DemoChapter(
            title: "Pages open: the token says who, the directory says where",
            steps: [
                DemoStep("alpha opens a page", page(alpha, eu), .answered(in: "EU")),
                DemoStep("bravo opens a page", page(bravo, us), .answered(in: "US")),
                DemoStep("charlie opens a page at the plain URL", page(charlie, plain), .answered(in: "EU")),
                DemoStep("alpha opens a page at the US's URL by mistake", page(alpha, us), .answered(in: "EU")),
            ])
    }

    private var webhooks: DemoChapter {
        let note: JSONValue = ["text": "Written by the page's script, stored where alpha's data lives."]
        return DemoChapter(
            title: "Webhooks arrive, and pages call back with context tokens",
            steps: [
                DemoStep("alpha sends a webhook", webhook(alpha, eu), .answered(in: "EU")),
                DemoStep("alpha sends another", webhook(alpha, eu), .answered(in: "EU")),
                DemoStep("bravo sends a webhook", webhook(bravo, us), .answered(in: "US")),
                DemoStep(
                    "alpha's page stores a note",
                    simulator.contextCall(site: alpha, method: "POST", path: "/api/notes", baseURL: eu, body: note),
                    .answered(in: "EU")),
                DemoStep(
                    "alpha's page reads its notes",
                    simulator.contextCall(site: alpha, path: "/api/notes", baseURL: eu), .answered(in: "EU")),
            ])
    }

    private func forge() throws -> DemoChapter {
        DemoChapter(
            title: "Forge calls: the first one of an installation makes the tenant",
            steps: [
                DemoStep("delta calls at the US's URL", try forge(delta, us), .answered(in: "US")),
                DemoStep("delta calls at the plain URL", try forge(delta, plain), .answered(in: "US")),
                DemoStep(
                    "delta's event arrives", try forge(delta, us, path: "/forge/events"), .answered(in: "US")),
            ])
    }

    private func refusals() throws -> DemoChapter {
        let stranger = HostSite.random(named: "stranger")
        let imposter = HostSimulator(
            installKeys: HostKeyPair(kid: simulator.installKeys.kid, key: try HostKeyPair.random().key),
            forgeKeys: simulator.forgeKeys, appKey: simulator.appKey)
        var evil = HostSite.random(named: "evil")
        evil.baseUrl = "https://atlassian.net.evil.example"
        return DemoChapter(
            title: "What must be refused is refused, before the app sees it",
            steps: [
                DemoStep(
                    "a page with a forged token", page(alpha, eu, .forged), .refused(401, "bad-signature")),
                DemoStep("a page with an expired token", page(alpha, eu, .expired), .refused(401, "token-expired")),
                DemoStep("a page with an unsigned token", page(alpha, eu, .unsigned), .refused(401, "bad-algorithm")),
                DemoStep(
                    "a page with another page's token", page(alpha, eu, .wrongHash), .refused(401, "bad-query-hash")),
                DemoStep("a page of a site that never installed", page(stranger, eu), .refused(401, "unknown-tenant")),
                DemoStep(
                    "an install signed by somebody else",
                    imposter.lifecycle("installed", site: alpha, path: "/installed", baseURL: eu),
                    .refused(401, "bad-signature")),
                DemoStep(
                    "an install from a host that is not Atlassian's", install(evil, eu), .refused(400, "bad-body")),
                DemoStep(
                    "a Forge call with a forged token",
                    try simulator.forgeCall(
                        site: delta, appID: DemoSettings.forgeAppID, path: "/forge", baseURL: us, flaw: .forged),
                    .refused(401, "bad-signature")),
            ])
    }

    private var rotation: DemoChapter {
        var rotated = charlie
        rotated.sharedSecret = HostNames.secret()
        return DemoChapter(
            title: "The host rotates a secret; calls under way with the old one still count",
            steps: [
                DemoStep("charlie is installed again with a new secret", install(rotated, plain), .answered(in: "EU")),
                DemoStep("a page signed with the new secret", page(rotated, plain), .answered(in: "EU")),
                DemoStep("a page signed with the old one", page(charlie, plain), .answered(in: "EU")),
            ])
    }

    private var uninstall: DemoChapter {
        DemoChapter(
            title: "A site leaves and comes back: its data stays in its region",
            steps: [
                DemoStep(
                    "bravo uninstalls",
                    simulator.lifecycle("uninstalled", site: bravo, path: "/uninstalled", baseURL: us),
                    .answered(in: "US")),
                DemoStep("bravo's page is refused", page(bravo, us), .refused(401, "tenant-uninstalled")),
                DemoStep("bravo installs again, at the EU's URL", install(bravo, eu), .answered(in: "US")),
                DemoStep("bravo opens a page there", page(bravo, eu), .answered(in: "US")),
            ])
    }

    // MARK: Calls

    private func install(_ site: HostSite, _ url: String) -> HostCallMade {
        simulator.lifecycle("installed", site: site, path: "/installed", baseURL: url)
    }

    func page(_ site: HostSite, _ url: String, _ flaw: HostSimulator.Flaw? = nil) -> HostCallMade {
        simulator.page(site: site, path: "/panel", baseURL: url, parameters: [("issueKey", "DEMO-1")], flaw: flaw)
    }

    private func webhook(_ site: HostSite, _ url: String) -> HostCallMade {
        simulator.webhook(
            site: site, path: "/webhooks/issue-created", baseURL: url,
            body: ["webhookEvent": "jira:issue_created", "issue": ["key": "DEMO-1"]])
    }

    private func forge(_ site: HostSite, _ url: String, path: String = "/forge") throws -> HostCallMade {
        try simulator.forgeCall(
            site: site, appID: DemoSettings.forgeAppID, path: path, baseURL: url,
            body: ["call": ["functionKey": "demo"]])
    }

    /// What somebody at a terminal may try: a title, and a URL to open or a command to type. The tokens last.
    func invitations(lifetime: Int) -> [(title: String, line: String, isLink: Bool)] {
        func lasting(_ site: HostSite, _ url: String, _ flaw: HostSimulator.Flaw? = nil) -> HostCallMade {
            simulator.page(site: site, path: "/panel", baseURL: url, lifetime: lifetime, flaw: flaw)
        }
        let webhook = simulator.webhook(
            site: alpha, path: "/webhooks/issue-created", baseURL: eu, body: ["issue": ["key": "DEMO-2"]],
            lifetime: lifetime)
        return [
            ("alpha's page, answered in the US since its move; for a browser", lasting(alpha, us).url, true),
            ("bravo's page, answered in the US; for a browser", lasting(bravo, us).url, true),
            ("alpha's page at the wrong region's URL, still answered in the US", lasting(alpha, eu).curl, false),
            ("another webhook of alpha's; open its page again to see it counted", webhook.curl, false),
            ("a forged token, refused", lasting(alpha, eu, .forged).curl, false),
        ]
    }
}
