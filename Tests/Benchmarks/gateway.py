"""The gateway under measurement: its files, its import, its start."""
import json
import os
import subprocess
import time

import tokens
from processes import Process, free_port, tail

CONFIGURATION = """node: {{ id: bench, regions: [EU, US] }}
app:
  declaration: atlassian-connect.json
  instances: {{ EU: ["http://127.0.0.1:{eu}"], US: ["http://127.0.0.1:{us}"] }}
public:
  baseUrl: http://127.0.0.1:{port}
  regionBaseUrls: {{ EU: "http://eu.localhost:{port}", US: "http://us.localhost:{port}" }}
listen: {{ host: 127.0.0.1, port: {port}, {tls} }}
admin: {{ host: 127.0.0.1, port: 0 }}
directory: {{ store: sqlite, path: residency.sqlite }}
secrets: {{ keyFile: residency.key }}
forge: {{ appId: "{forge_app}", jwksUrl: "http://127.0.0.1:{keys}/keys.json" }}
outbound: {{ allow: [127.0.0.1] }}
defaultRegion: EU
"""


class Gateway:
    """A folder with configuration and directory, from which the gateway can be started again and again."""

    def __init__(self, binary, folder, app_ports, key_port, event_loops=1):
        self.binary, self.folder, self.port, self.key_port = binary, folder, free_port(), key_port
        self.environment = {"RESIDENCY_LISTEN_EVENT_LOOPS": str(event_loops)}
        urls = {"EU": f"http://eu.localhost:{self.port}", "US": f"http://us.localhost:{self.port}"}
        with open(f"{folder}/atlassian-connect.json", "w") as file:
            json.dump({"key": "com.example.app", "name": "Example", "baseUrl": f"http://127.0.0.1:{self.port}",
                       "authentication": {"type": "jwt"}, "apiVersion": 1, "regionBaseUrls": urls,
                       "lifecycle": {event: f"/{event}" for event in ("installed", "uninstalled")},
                       "modules": {"jiraIssueContents": [{"key": "panel", "url": "/panel"}]}}, file)
        self.configure(app_ports)

    def configure(self, app_ports, tls=""):
        """Writes the configuration, with the app instance of each region at its port; `tls` is a key of `listen`."""
        self.app_ports = app_ports
        with open(f"{self.folder}/gateway.yaml", "w") as file:
            file.write(CONFIGURATION.format(eu=app_ports["EU"], us=app_ports["US"], port=self.port, keys=self.key_port,
                                            forge_app=tokens.FORGE_APP, tls=tls))

    def import_tenants(self, path):
        """Seconds it took."""
        before = time.monotonic()
        done = subprocess.run([self.binary, "tenants", "import", path, "--config", f"{self.folder}/gateway.yaml"],
                              env={**os.environ, **self.environment}, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"the import failed: {done.stderr[-2000:]}")
        return time.monotonic() - before

    def start(self, access_log=False):
        """The running process, and the seconds until it said that it serves."""
        before = time.monotonic()
        environment = {**self.environment, "RESIDENCY_LOG_ACCESS": str(access_log).lower()}
        process = Process("gateway", [self.binary, "serve", "--config", f"{self.folder}/gateway.yaml"], self.port,
                          self.folder, environment)
        output = f"{self.folder}/gateway.out"
        while '"event":"serving"' not in tail(output, 100_000):
            if process.child.poll() is not None or time.monotonic() - before > 60:
                process.stop()
                raise SystemExit(f"the gateway does not serve; its output: {tail(output)}")
            time.sleep(0.002)
        return process, time.monotonic() - before
