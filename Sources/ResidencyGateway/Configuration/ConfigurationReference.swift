/// The reference of all keys, made from the table they are read by.
enum ConfigurationReference {
    /// A table for each section of the file.
    static var markdown: String {
        var lines = [
            "# Configuration keys", "",
            "Made from the program's own table of keys by `residency-gateway check --reference`; do not edit.", "",
            "- Sizes carry their unit (`32KiB`, `1GiB`), and so do times (`500ms`, `10s`, `5m`, `1h`, `30d`).",
            "- Paths are relative to the configuration file.",
            "- An environment variable goes before the file. In it, a list is separated by commas; a mapping from",
            "  realm codes has one variable for each code, such as `RESIDENCY_PUBLIC_REGION_BASE_URLS_EU`.",
            "- A key that is not listed here is refused.",
            "- A change of a key with ↻ takes effect while the gateway serves (at SIGHUP, or when the file changes),",
            "  one of another key at the next start.",
        ]
        var section: String?
        for key in ConfigurationKey.all {
            let first = String(key.path.prefix { $0 != "." })
            let isSection = ConfigurationKey.all.contains { $0.path.hasPrefix(first + ".") }
            let name = isSection ? first : ""
            if name != section {
                lines += ["", "## " + (name.isEmpty ? "At the top" : "`\(name)`"), ""]
                lines += ["| key and variable | value | default | what for |", "|---|---|---|---|"]
                section = name
            }
            lines.append(row(key))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func row(_ key: ConfigurationKey) -> String {
        var name = "`\(key.path)`"
        if let variable = key.variable {
            if case .regions = key.shape { name += "<br>`\(variable)_EU` …" } else { name += "<br>`\(variable)`" }
        }
        var standard = key.defaultText.map { "`\($0)`" } ?? ""
        if key.isRequired { standard = "must be given" }
        if key.isSecret { standard = "" }
        var documentation = key.documentation
        if key.isEnvironmentOnly { documentation += " Taken from the environment alone." }
        if key.isSecret { documentation += " Never shown or logged." }
        if key.isReloaded { documentation += " ↻" }
        return "| \(name) | \(key.kind) | \(standard) | \(documentation) |"
    }
}
