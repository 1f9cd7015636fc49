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
from relays import Relays  # noqa: E402

# A name for the directory's server; whoever calls it is told the address beside it.
DIRECTORY_NAME = "directory.internal"


class Fleet:
    """`nodes` are named `eu-1`, `eu-2`, `us-1` …; those that run are in it.

    With `moves_data` the app keeps its data in PostgreSQL, a server of its own a region, and gateways may move it. With
    `relayed` the ways between regions, and to the directory from all regions but the first, can be made long, or cut.
    `changes` are sections of every gateway's configuration, beside or instead of those that all have.
    """

    def __init__(self, program, folder, regions, nodes_per_region=2, moves_data=False, relayed=False, changes=None):
        self.program, self.folder, self.regions = os.path.abspath(program), folder, regions
        self.numbers = range(1, nodes_per_region + 1)
        self.children, self.nodes, self.changes = {}, {}, changes or {}
        self.environment = {"RESIDENCY_SECRETS_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}
        names = [f"{code.lower()}-{number}" for code in regions for number in self.numbers]
        self.ports = {name: free_port() for name in names}
        self.peers = {name: free_port() for name in names}
        # Two authorities: the one that browsers trust, and one that signs gateways and nothing else.
        self.public = Authority(folder, "public-authority")
        self.internal = Authority(folder, "gateways-authority")
        self.directory = Server(
            f"{folder}/postgres", user="residency", certificate=self.public.issue("directory", DIRECTORY_NAME))
        self.stores, self.relays = {}, None
        if moves_data:
            for code in regions:
                self.stores[code] = Server(f"{folder}/app-{code.lower()}", user="app", settings=["wal_level=logical"])
                self.environment[f"APP_{code}_DATABASE"] = self.stores[code].create("app")
        if relayed:
            self._relay()
        self.site_certificates = [
            self.public.issue(f"site-{code.lower()}", f"{code.lower()}.localhost") for code in regions]

    def _relay(self):
        """The addresses that gateways are known by, and those that other regions' configurations name, lead through
        relays: `to eu-1`, `calls eu-1`, and `directory US`."""
        ways = {}
        for number, name in enumerate(self.ports, start=1):
            for way, network in (("to", 1), ("calls", 2)):
                port = self.peers[name]
                ways[f"{way} {name}"] = ((f"127.{network}.0.{number}", port), ("127.0.0.1", port))
        for number, code in enumerate(self.regions[1:], start=1):
            ways[f"directory {code}"] = ((f"127.3.0.{number}", self.directory.port), ("127.0.0.1", self.directory.port))
        self.relays = Relays(ways)

    def between(self, source, target):
        """Names of the relays that lead from one region to the other, and from a region to the directory where that
        is in one of the two. What nodes of one region say to each other does not pass there but at the target."""
        relays = [f"to {target.lower()}-{number}" for number in self.numbers]
        relays += [f"calls {code.lower()}-{number}" for code in (source, target) for number in self.numbers]
        if self.regions[0] in (source, target):
            relays += [f"directory {code}" for code in (source, target) if code != self.regions[0]]
        return relays

    def _address(self, way, name):
        """Where a node's listener for gateways is reached, and by what relay."""
        return self.relays.ways[f"{way} {name}"][0][0] if self.relays else "127.0.0.1"

    def start(self):
        """Starts what gateways need, and then the gateways."""
        keys = Child(
            [self.program, "host", "serve-keys", "--port", "0", "--state", self.path("host.json"), "--json"],
            self.path("keys.log"))
        self.children["keys"], self.keys = keys, keys.said["installKeysUrl"]
        self.write_declaration()
        for code in self.regions:
            app = self.start_app(code)
            for number in self.numbers:
                self.write_configuration(f"{code.lower()}-{number}", code, app)
        for name in self.ports:
            self.start_node(name)

    def path(self, name):
        return os.path.join(self.folder, name)

    def url(self, code):
        """The URL that the host calls for a region."""
        return f"https://{code.lower()}.localhost:{self.ports[code.lower() + '-1']}"

    def rows(self, code, statement):
        """What a statement selects in the app's database of a region."""
        return self.stores[code].rows("app", statement)

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

    def directory_url(self, code):
        address = "127.0.0.1"
        if self.relays and code != self.regions[0]:
            address = self.relays.ways[f"directory {code}"][0][0]
        words = {"hostaddr": address, "sslmode": "verify-full", "sslrootcert": self.public.file}
        return f"postgresql://residency@{DIRECTORY_NAME}:{self.directory.port}/postgres?{urlencode(words)}"

    def write_configuration(self, name, code, app):
        names = {"127.0.0.1", self._address("to", name), self._address("calls", name)}
        certificate, key = self.internal.issue(
            name, f"{name}.gateways.internal", *(f"IP:{address}" for address in sorted(names)))
        peers = {}
        for other in self.regions:
            if other != code:
                nodes = [f"{other.lower()}-{number}" for number in self.numbers]
                peers[other] = [f"https://{self._address('calls', node)}:{self.peers[node]}" for node in nodes]
        configuration = {
            "node": {"id": name, "regions": [code], "address": self._address("to", name)},
            "app": {"declaration": "declared/atlassian-connect.json", "instances": {code: [f"http://{app}"]}},
            "listen": {
                "host": "127.0.0.1", "port": self.ports[name],
                "tls": {"certificates": [{"chain": chain, "key": key} for chain, key in self.site_certificates]}},
            "peers": {
                "listen": {"host": "127.0.0.1", "port": self.peers[name], "names": ["*.gateways.internal"]}, **peers,
                "tls": {"ca": self.internal.file, "certificate": certificate, "key": key}},
            "admin": {"host": "127.0.0.1", "port": 0},
            "directory": {"store": "postgres", "url": self.directory_url(code)},
            "mirror": {"path": f"{name}.mirror"},
            "connect": {"installKeysUrl": self.keys}, "outbound": {"allow": ["127.0.0.1"]},
            "log": {"access": False}, "defaultRegion": self.regions[0],
        }
        configuration.update(self.changes)
        if self.stores:
            configuration["stores"] = [{
                "name": "app", "kind": "postgres", "urls": {other: f"$APP_{other}_DATABASE" for other in self.regions},
                "tables": {"tenant": "name", "note": "tenant"}}]
        # JSON is YAML.
        with open(self.path(f"{name}.yaml"), "w", encoding="utf-8") as file:
            json.dump(configuration, file, indent=1)

    # What happens to nodes and apps

    def start_app(self, code):
        """Starts a region's app instance, where it was before: its address."""
        name = f"app {code}"
        port = self.children[name].said["listen"].rpartition(":")[2] if name in self.children else "0"
        database = self.environment.get(f"APP_{code}_DATABASE", self.path(f"{code}.sqlite"))
        self.children[name] = Child(
            [self.program, "sample-app", "--port", port, "--name", f"app-{code.lower()}", "--database", database],
            self.path("apps.log"))
        return self.children[name].said["listen"]

    def kill_app(self, code):
        self.children[f"app {code}"].end(signal.SIGKILL)

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
        if self.relays:
            self.relays.end()
        for server in [self.directory, *self.stores.values()]:
            try:
                server.stop()
            except subprocess.CalledProcessError:
                pass
