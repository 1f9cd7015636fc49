"""Calls that arrive in the wrong region: what passing one on to its peer takes, on the node that it arrives at."""
import os

import load
import tokens
from gateway import Gateway
from processes import free_port

CONFIGURATION = """node: {{ id: {name}-1, regions: [{region}] }}
app:
  declaration: atlassian-connect.json
  instances: {{ {region}: ["http://127.0.0.1:{app}"] }}
public:
  baseUrl: http://127.0.0.1:{port}
  regionBaseUrls: {{ EU: "http://eu.localhost:{port}", US: "http://us.localhost:{port}" }}
listen: {{ host: 127.0.0.1, port: {port} }}
peers:
  listen: {{ host: 127.0.0.1, port: {own} }}
  {other}: ["http://127.0.0.1:{others}"]
admin: {{ host: 127.0.0.1, port: 0 }}
directory: {{ store: sqlite, path: residency.sqlite }}
secrets: {{ keyFile: residency.key }}
forge: {{ appId: "{forge_app}" }}
defaultRegion: EU
"""


class Node(Gateway):
    """One of two nodes; each owns one region, and has a directory with all tenants of its own."""

    def __init__(self, binary, folder, region, app, own, others):
        self.region, self.own, self.others = region, own, others
        os.makedirs(folder, exist_ok=True)
        super().__init__(binary, folder, {"EU": app.port, "US": app.port}, 0)

    def configure(self, app_ports):
        with open(f"{self.folder}/gateway.yaml", "w") as file:
            file.write(CONFIGURATION.format(
                name=self.region.lower(), region=self.region, other="US" if self.region == "EU" else "EU",
                app=app_ports[self.region], port=self.port, own=self.own, others=self.others,
                forge_app=tokens.FORGE_APP))


def measure(binary, folder, app, workload, options, progress):
    """Medians of pages of the node's own region and of the other's, sent to the same node, in turn.

    The tenants are called at the host name they were called at last, so that the directory is not written to."""
    ports = {region: free_port() for region in ("EU", "US")}
    nodes = [Node(binary, f"{folder}/node-{region.lower()}", region, app, ports[region], ports[other])
             for region, other in (("EU", "US"), ("US", "EU"))]
    processes = []
    try:
        for node in nodes:
            node.import_tenants(f"{folder}/tenants.ndjson")
            processes.append(node.start()[0])
        scripts = {name: workload.write_pages_of(region, options.signed_pages)
                   for name, region in (("own", "EU"), ("other's", "US"))}
        for script in scripts.values():
            load.run(processes[0], script, 1, options.connections)  # not counted
        rounds = {name: [] for name in scripts}
        alone = {name: [] for name in scripts}
        for number in range(options.rounds):
            for name, script in scripts.items():
                progress(f"crossing, round {number + 1} of {options.rounds}: {name} region")
                rounds[name].append(load.run(processes[0], script, options.seconds, options.connections))
                # What one call takes when none waits for another.
                alone[name].append(load.run(processes[0], script, 1, 1))
        figures = {name: load.median(runs) for name, runs in rounds.items()}
        for name, runs in alone.items():
            figures[name]["p50"] = load.median(runs)["p50"]
        return figures
    finally:
        for process in processes:
            process.stop()


def bars(figures):
    """What passing a call on adds on the first node: as a part of what a call of its own region takes, and in time."""
    own, other = figures["own"], figures["other's"]
    yield "wrong-region call on the first node / plain verified call", other["cpu"] / own["cpu"], 1.3, ""
    yield "added median latency of a wrong-region call", other["p50"] - own["p50"], 1.0, " ms"
