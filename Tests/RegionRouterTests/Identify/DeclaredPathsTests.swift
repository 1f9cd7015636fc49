import Testing

@testable import RegionRouter

@Suite("The declared calls")
struct DeclaredPathsTests {
    private let paths = DeclaredPaths([
        DeclaredCall(method: "GET", path: "/Page"), DeclaredCall(method: "get", path: "/issue/{issue.key}/view?x={y}"),
        DeclaredCall(method: "POST", path: "/hooks/created"), DeclaredCall(method: "GET", path: "/both"),
        DeclaredCall(method: "POST", path: "/both"),
    ])

    @Test(
        "are known by method and path",
        arguments: [
            (RequestHead.Method.get, "/Page", true), (.head, "/Page", true), (.post, "/Page", false),
            (.put, "/Page", false),
            (.get, "/issue/AB-1/view", true), (.get, "/issue/AB-1", false), (.post, "/hooks/created", true),
            (.get, "/hooks/created", false), (.get, "/both", true), (.post, "/both", true), (.delete, "/both", false),
            (.get, "/other", false), (.options, "/Page", false), (.get, "/", false), (.get, "", false),
        ])
    func known(method: RequestHead.Method, path: String, expected: Bool) {
        #expect(declare(method, path) == expected)
    }

    @Test(
        "are known in every spelling a framework may take for the same path",
        arguments: [
            "/page", "/PAGE", "/Page/", "/%50age", "/%70%61ge", "//Page", "/Page;a=b", "/Page;a=b/", "//Page//", "Page",
        ])
    func spellings(path: String) {
        #expect(declare(.get, path))
    }

    @Test("of a template are known in every spelling too", arguments: ["/ISSUE/AB-1/VIEW/", "/issue/A%2DB;x/view"])
    func templates(path: String) {
        #expect(declare(.get, path))
    }

    private func declare(_ method: RequestHead.Method, _ path: String) -> Bool {
        Array(path.utf8).withUnsafeBytes { paths.declare(method, $0) }
    }
}
