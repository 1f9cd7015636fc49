import Testing

@testable import RegionRouter

@Suite("A path template")
struct PathTemplateTests {
    @Test(
        "matches whole paths",
        arguments: [
            ("/page", "/page", true), ("/page", "/page/", true), ("/page/", "/page", true), ("/page", "/pages", false),
            ("/page", "/pag", false), ("/page", "", false), ("/", "/", true), ("page", "/page", true),
            ("/issue/{issue.key}", "/issue/AB-1", true), ("/issue/{issue.key}", "/issue/", true),
            ("/issue/{issue.key}", "/issue/AB-1/more", false), ("/issue/{issue.key}/view", "/issue/AB-1/view", true),
            ("/issue/{issue.key}/view", "/issue/AB-1/other", false), ("/i-{a}-{b}.html", "/i-1-2-3.html", true),
            ("/i-{a}-{b}.html", "/i-1.html", false), ("/{a}/{b}", "/x/y", true), ("/{a}/{b}", "/x", false),
            ("/{a}b{c}b", "/abbb", true), ("/{a}/x", "/a/b/x", false), ("/files/*", "/files/a/b", true),
            ("/files/*", "/files/", true), ("/files/*", "/files", false), ("/files*", "/filesystem/x", true),
            ("/*", "/", true), ("/{a}/*", "/x/y/z", true), ("/page?issue={issue.key}", "/page", true),
            ("/page#part", "/page", true), ("/p/{ac.x?}", "/p/1", true), ("/open{brace", "/open{brace", true),
            ("/page", "/PAGE", false), ("/a{x}", "/a", true), ("/{a}{b}c", "/xc", true), ("/{x}a", "/aab", false),
        ])
    func match(pattern: String, path: String, expected: Bool) {
        #expect((tenant(pattern, path) != nil) == expected)
    }

    @Test(
        "tells what stands for the tenant",
        arguments: [
            ("/t/{tenant}/hook", "/t/abc/hook", "abc"), ("/t/{tenant}", "/t/abc", "abc"),
            ("/{a}/{tenant}", "/x/y", "y"),
            ("/{tenant}-{b}", "/x-y-z", "x"), ("/{b}/{tenant}.json", "/x/y.json.json", "y.json"),
            ("/t/{b}", "/t/abc", ""),
            ("/{tenant}/*", "/abc/d/e", "abc"), ("/t/{tenant}/", "/t/abc/", "abc"),
        ])
    func capture(pattern: String, path: String, expected: String) {
        #expect(tenant(pattern, path) == expected)
    }

    @Test("needs no more than the length of pattern and path, whatever they are")
    func linear() {
        let pattern = "/" + String(repeating: "{a}x", count: 500) + "y"
        #expect(tenant(pattern, "/" + String(repeating: "x", count: 16_000)) == nil)
    }

    private func tenant(_ pattern: String, _ path: String) -> String? {
        Array(path.utf8).withUnsafeBytes { bytes in
            PathTemplate(pattern).match(bytes).map { String(decoding: bytes[$0], as: UTF8.self) }
        }
    }
}
