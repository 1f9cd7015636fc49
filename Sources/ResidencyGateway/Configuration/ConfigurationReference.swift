/// The reference of all keys, made from the table they are read by.
enum ConfigurationReference {
    static var markdown: String {
        var lines = [
            "# Configuration keys", "",
            "Made from the program's own table of keys by `residency-gateway check --reference`; do not edit.", "",
            "- Sizes carry their unit (`32KiB`, `1GiB`), and so do times (`500ms`, `10s`, `5m`, `1h`, `30d`).",
            "- Paths are relative to the configuration file.",
            "- An environment variable goes before the file. In it, a list is separated by commas; a mapping "
                + "from realm codes",
            "  has one variable for each code, such as `RESIDENCY_PUBLIC_REGION_BASE_URLS_EU`.",
            "- A key that is not listed here is refused.",
        ]
        var section = ""
        for key in ConfigurationKey.all {
            let name = key.path.contains(".") ? String(key.path.prefix { $0 != "." }) : ""
            if name != section || section.isEmpty {
                lines += ["", "## " + (name.isEmpty ? "At the top" : "`\(name)`")]
                section = name
            }
            lines += ["", "### `\(key.path)`", "", key.documentation, ""]
            lines.append("- Value: \(key.kind)")
            if let text = key.defaultText, !key.isSecret { lines.append("- Default: `\(text)`") }
            if key.isRequired { lines.append("- Must be given") }
            if key.isSecret { lines.append("- A secret: never shown or logged") }
            if key.isEnvironmentOnly { lines.append("- Taken from the environment alone") }
            if let variable = key.variable {
                var suffix = ""
                if case .regions = key.shape { suffix = "_EU`, `…_US` and so on" } else { suffix = "`" }
                lines.append("- Variable: `\(variable)\(suffix)")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
