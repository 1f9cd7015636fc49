"""Several regions with some gateways each and one directory on PostgreSQL, in a folder of their own.

Host calls come by TLS and HTTP/2, gateways prove to each other who they are by certificates, and the directory is
reached by TLS. Only the app's own instances are on loopback in clear.
"""

import json
import os
import signal
import subprocess
import sys
from urllib.parse import urlencode

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Benchmarks"))
from authority import Authority  # noqa: E402
from postgres import Server, free_port  # noqa: E402
from programs import Child, Files  # noqa: E402

# A name for the directory's server; whoever calls it is told the address beside it.
DIRECTORY_NAME = "directory.internal"


class Fleet:
    """`nodes` are named `eu-1`, `eu-2`, `us-1` …; those that run are in it.

    With `moves_data` the app keeps its data in a PostgreSQL database a region, `app_eu` …, that gateways may move.
    """

    def __init__(self, program, folder, regions, nodes_per_region=2, moves_data=False):
        self.program, self.folder, self.regions = os.path.abspath(program), folder, regions
        self.numbers = range(1, nodes_per_region + 1)
        self.children, self.nodes = {}, {}
        self.environment = {"RESIDENCY_SECRETS_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}
        names = [f"{code.lower()}-{number}" for code in regions for number in self.numbers]
        self.ports = {name: free_port() for name in names}
        self.peers = {name: free_port() for name in names}
        # Two authorities: the one that browsers trust, and one that signs gateways and nothing else.
        self.public = Authority(folder, "public-authority")
        self.internal = Authority(folder, "gateways-authority")
        self.directory = Server(
            f"{folder}/postgres", user="residency", certificate=self.public.issue("directory", DIRECTORY_NAME))
        self.apps = None
        if moves_data:
            self.apps = Server(
                f"{folder}/apps", user="app", settings=["wal_level=logical", "max_connections=200"])
        self.site_certificates = [
            self.public.issue(f"site-{code.lower()}", f"{code.lower()}.localhost") for code in regions]

    def start(self):
        """Starts what gateways need, and then the gateways."""
        keys = Child(
            [self.program, "host", "serve-keys", "--port", "0", "--state", self.path("host.json"), "--json"],
            self.path("keys.log"))
        self.children["keys"], self.keys = keys, keys.said["installKeysUrl"]
        self.write_declaration()
        for code in self.regions:
            app = Child(
                [self.program, "sample-app", "--port", "0", "--name", f"app-{code.lower()}", "--database",
                 self.app_database(code)], self.path("apps.log"))
            self.children[f"app {code}"] = app
            for number in self.numbers:
                self.write_configuration(f"{code.lower()}-{number}", code, app.said["listen"])
        for name in self.ports:
            self.start_node(name)

    def path(self, name):
        return os.path.join(self.folder, name)

    def url(self, code):
        """The URL that the host calls for a region."""
        return f"https://{code.lower()}.localhost:{self.ports[code.lower() + '-1']}"

    def app_database(self, code):
        """Where the app keeps its data in a region; made by the first question."""
        if not self.apps:
            return self.path(f"{code}.sqlite")
        name = f"APP_{code}_DATABASE"
        if name not in self.environment:
            self.environment[name] = self.apps.create(f"app_{code.lower()}")
        return self.environment[name]

    # Files

    def write_declaration(self):
        declaration = {
            "key": "com.example.residency-sample", "name": "Residency sample", "baseUrl": "https://app.localhost:1",
            "regionBaseUrls": {code: self.url(code) for code in self.regions}, "authentication": {"type": "jwt"},
            "apiVersion": 1, "scopes": ["READ"], "apiMigrations": {"signed-install": True, "context-qsh": True},
            "lifecycle": {"installed": "/installed", "uninstalled": "/uninstalled"},
            "modules": {"generalPages": [{
                "key": "panel", "url": "/panel", "name": {"value": "Residency"},
                "location": "system.top.navigation.bar"}]},
        }
        folder = self.path("declared")
        os.makedirs(folder)
        with open(os.path.join(folder, "atlassian-connect.json"), "w", encoding="utf-8") as file:
            json.dump(declaration, file)
        self.declared = Files(folder).url

    def directory_url(self):
        words = {"hostaddr": "127.0.0.1", "sslmode": "verify-full", "sslrootcert": self.public.file}
        return f"postgresql://residency@{DIRECTORY_NAME}:{self.directory.port}/postgres?{urlencode(words)}"

    def write_configuration(self, name, code, app):
        certificate, key = self.internal.issue(name, f"{name}.gateways.internal", "IP:127.0.0.1")
        peers = {
            other: [f"https://127.0.0.1:{self.peers[f'{other.lower()}-{number}']}" for number in self.numbers]
            for other in self.regions if other != code}
        configuration = {
            "node": {"id": name, "regions": [code]},
            "app": {"declaration": "declared/atlassian-connect.json", "instances": {code: [f"http://{app}"]}},
            "listen": {
                "host": "127.0.0.1", "port": self.ports[name],
                "tls": {"certificates": [{"chain": chain, "key": key} for chain, key in self.site_certificates]}},
            "peers": {
                "listen": {"host": "127.0.0.1", "port": self.peers[name], "names": ["*.gateways.internal"]}, **peers,
                "tls": {"ca": self.internal.file, "certificate": certificate, "key": key}},
            "admin": {"host": "127.0.0.1", "port": 0},
            "directory": {"store": "postgres", "url": self.directory_url()},
            "mirror": {"path": f"{name}.mirror"},
            "connect": {"installKeysUrl": self.keys}, "outbound": {"allow": ["127.0.0.1"]},
            "log": {"access": False}, "defaultRegion": self.regions[0],
        }
        if self.apps:
            configuration["stores"] = [{
                "name": "app", "kind": "postgres", "urls": {other: f"$APP_{other}_DATABASE" for other in self.regions},
                "tables": {"tenant": "name", "note": "tenant"}}]
        # JSON is YAML.
        with open(self.path(f"{name}.yaml"), "w", encoding="utf-8") as file:
            json.dump(configuration, file, indent=1)

    # What happens to nodes

    def start_node(self, name):
        command = [self.program, "serve", "--config", self.path(f"{name}.yaml")]
        self.nodes[name] = Child(command, self.path(f"{name}.log"), self.environment)

    def kill_node(self, name):
        self.nodes.pop(name).end(signal.SIGKILL)

    def stop_node(self, name):
        """As an operator does: the exit status."""
        return self.nodes.pop(name).end(signal.SIGTERM)

    def command(self, *arguments, node=None):
        """What an operator's command says, with the configuration of a node."""
        node = node or next(iter(self.nodes))
        return subprocess.run(
            [self.program, *arguments, "--config", self.path(f"{node}.yaml")], text=True, capture_output=True,
            env={**os.environ, **self.environment}, check=False).stdout

    def known_nodes(self):
        """What the directory knows of each gateway."""
        return [json.loads(line) for line in self.command("nodes", "list", "--json").splitlines()]

    def end(self):
        for child in [*self.nodes.values(), *self.children.values()]:
            child.end(signal.SIGTERM)
        for server in filter(None, [self.directory, self.apps]):
            try:
                server.stop()
            except subprocess.CalledProcessError:
                pass
