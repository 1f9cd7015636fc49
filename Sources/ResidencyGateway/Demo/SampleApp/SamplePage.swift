/// The sample app's pages: plain HTML, one style sheet, no script.
enum SamplePage {
    static func panel(_ view: SampleView) -> String {
        let region = view.region ?? "no region"
        let rows = [
            ("Answered by", view.instance), ("Site", view.summary.site ?? "not known"), ("Tenant", view.tenant),
            ("Product", view.summary.product ?? "not known"), ("Installed", view.summary.installedAt ?? "not known"),
            ("Identified by", view.identifiedBy ?? "nobody"), ("Placement epoch", view.epoch ?? "none"),
            ("Request", view.requestID ?? "none"),
        ].map { "<dt>\($0.0)</dt><dd>\(escaped($0.1))</dd>" }.joined(separator: "\n      ")
        let notes =
            view.summary.notes.isEmpty
            ? "<p class=\"quiet\">No notes yet. POST /api/notes with a context token adds one.</p>"
            : "<ul>\(view.summary.notes.map { "<li>\(escaped($0))</li>" }.joined())</ul>"
        return page(
            title: "\(region) · Residency sample", accent: accent(region),
            body: """
                <header><span class="region">\(escaped(region))</span>
                  <div><h1>Your data lives in \(escaped(region))</h1>
                  <p class="quiet">This app has one database and knows no regions. The gateway sent the call here.</p>
                  </div>
                </header>
                <section class="figures">
                  <div><b>\(view.summary.visits)</b><span>pages and calls</span></div>
                  <div><b>\(view.summary.webhooks)</b><span>webhooks</span></div>
                  <div><b>\(view.summary.notes.count)</b><span>notes</span></div>
                </section>
                <section><dl>
                  \(rows)
                </dl></section>
                <section><h2>Notes</h2>\(notes)</section>
                """)
    }

    static func index(name: String) -> String {
        page(
            title: "Residency sample", accent: "#44546f",
            body: """
                <header><span class="region">app</span><div><h1>\(escaped(name))</h1>
                <p class="quiet">A tiny Connect app. Its descriptor is at
                <a href="/atlassian-connect.json">/atlassian-connect.json</a>, its page at /panel.</p></div></header>
                """)
    }

    /// One colour a region, the same each time.
    private static func accent(_ region: String) -> String {
        switch region {
        case "EU": return "#0c66e4"
        case "US": return "#c9372c"
        default:
            let hue = region.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) % 360 }
            return "hsl(\(hue) 65% 40%)"
        }
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
        return result
    }

    private static func page(title: String, accent: String, body: String) -> String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><title>\(escaped(title))</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <style>
        :root { --accent: \(accent); color-scheme: light dark }
        body { font: 15px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
        header { display: flex; gap: 1.25rem; align-items: center; margin-bottom: 1.5rem }
        h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1rem; margin: 0 0 .5rem } p { margin: .25rem 0 }
        .region { background: var(--accent); color: #fff; font-weight: 700; font-size: 1.75rem; padding: .6rem 1rem;
          border-radius: .6rem }
        .quiet { opacity: .7 }
        section { border: 1px solid color-mix(in srgb, currentColor 18%, transparent); border-radius: .6rem;
          padding: 1rem 1.25rem; margin-bottom: 1rem }
        .figures { display: flex; gap: 2.5rem } .figures div { display: flex; flex-direction: column }
        .figures b { font-size: 1.75rem; color: var(--accent) } .figures span { opacity: .7; font-size: .85rem }
        dl { display: grid; grid-template-columns: 9rem 1fr; gap: .35rem 1rem; margin: 0 }
        dt { opacity: .7 }
        dd { margin: 0; overflow-wrap: anywhere; font-family: ui-monospace, monospace; font-size: .9em }
        ul { margin: 0; padding-left: 1.2rem }
        </style></head><body>
        \(body)
        </body></html>

        """
    }
}
