#!/usr/bin/env python3
"""Three regions with two gateways each and one directory on PostgreSQL, and what they do when something is lost.

Runs the real program: six `serve`, three `sample-app`, the simulated host and its key server. Calls are made by curl
from a command that the simulated host prints, and sent to the gateway that the story names. Ends with 1 where something
comes otherwise than told.
"""

import argparse
import http.server
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Benchmarks"))
from postgres import Server, free_port  # noqa: E402

REGIONS = ["EU", "US", "DE"]
SITES = {"alpha": "EU", "beta": "US", "gamma": "DE"}
COLOURS = {"EU": "44;97", "US": "41;97", "DE": "43;30"}
IS_TERMINAL = sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def paint(text, code):
    return f"\033[{code}m{text}\033[0m" if IS_TERMINAL else text


def region(code):
    return paint(f" {code} ", COLOURS[code]) if IS_TERMINAL and code in COLOURS else code


class Child:
    """A program that says in one line of JSON where it serves."""

    def __init__(self, command, log, environment=None):
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=open(log, "a", encoding="utf-8"), text=True,
            env={**os.environ, **(environment or {})})
        line = self.process.stdout.readline()
        if not line:
            with open(log, encoding="utf-8") as file:
                raise SystemExit(f"{' '.join(command)} did not start:\n{file.read()[-2000:]}")
        self.said = json.loads(line)

    def end(self, how):
        if self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(60)


class Fleet:
    """Everything that stands for the story, in a folder of its own."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.children, self.nodes, self.failures = {}, {}, 0
        self.directory = Server(f"{folder}/postgres", user="residency")
        self.ports = {f"{code.lower()}-{number}": free_port() for code in REGIONS for number in (1, 2)}
        self.peers = {name: free_port() for name in self.ports}
        self.environment = {"RESIDENCY_SECRETS_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}
        keys = Child(
            [program, "host", "serve-keys", "--port", "0", "--state", self.path("host.json"), "--json"],
            self.path("keys.log"))
        self.children["keys"], self.keys = keys, keys.said["installKeysUrl"]
        self.write_declaration()
        for code in REGIONS:
            app = Child(
                [program, "sample-app", "--port", "0", "--name", f"app-{code.lower()}", "--database",
                 self.path(f"{code}.sqlite")], self.path("apps.log"))
            self.children[f"app {code}"] = app
            for number in (1, 2):
                self.write_configuration(f"{code.lower()}-{number}", code, app.said["listen"])
        for name in self.ports:
            self.start(name)

    def path(self, name):
        return os.path.join(self.folder, name)

    def url(self, code):
        return f"http://{code.lower()}.localhost:{self.ports[code.lower() + '-1']}"

    def write_declaration(self):
        declaration = {
            "key": "com.example.residency-sample", "name": "Residency sample", "baseUrl": "http://app.localhost:1",
            "regionBaseUrls": {code: self.url(code) for code in REGIONS}, "authentication": {"type": "jwt"},
            "apiVersion": 1, "scopes": ["READ"], "apiMigrations": {"signed-install": True, "context-qsh": True},
            "lifecycle": {"installed": "/installed", "uninstalled": "/uninstalled"},
            "modules": {"generalPages": [{
                "key": "panel", "url": "/panel", "name": {"value": "Residency"},
                "location": "system.top.navigation.bar"}]},
        }
        with open(self.path("atlassian-connect.json"), "w", encoding="utf-8") as file:
            json.dump(declaration, file)
        files = http.server.ThreadingHTTPServer(("127.0.0.1", 0), lambda *rest: Quiet(*rest, directory=self.folder))
        threading.Thread(target=files.serve_forever, daemon=True).start()
        self.declared = f"http://127.0.0.1:{files.server_port}"

    def write_configuration(self, name, code, app):
        others = {
            other: [f"http://127.0.0.1:{self.peers[f'{other.lower()}-{number}']}" for number in (1, 2)]
            for other in REGIONS if other != code}
        configuration = {
            "node": {"id": name, "regions": [code]},
            "app": {"declaration": "atlassian-connect.json", "instances": {code: [f"http://{app}"]}},
            "listen": {"host": "127.0.0.1", "port": self.ports[name]},
            "peers": {"listen": {"host": "127.0.0.1", "port": self.peers[name]}, **others},
            "admin": {"host": "127.0.0.1", "port": 0},
            "directory": {"store": "postgres", "url": self.directory.url},
            "mirror": {"path": f"{name}.mirror"},
            "connect": {"installKeysUrl": self.keys}, "outbound": {"allow": ["127.0.0.1"]},
            "log": {"access": False}, "defaultRegion": "EU",
        }
        # JSON is YAML.
        with open(self.path(f"{name}.yaml"), "w", encoding="utf-8") as file:
            json.dump(configuration, file, indent=1)

    # What happens to nodes

    def start(self, name):
        command = [self.program, "serve", "--config", self.path(f"{name}.yaml")]
        self.nodes[name] = Child(command, self.path(f"{name}.log"), self.environment)

    def kill(self, name):
        self.nodes.pop(name).end(signal.SIGKILL)

    def command(self, *arguments):
        return subprocess.run(
            [self.program, *arguments, "--config", self.path("eu-2.yaml")], text=True, capture_output=True,
            env={**os.environ, **self.environment}, check=False).stdout

    # What the host does

    def call(self, words, node):
        """Makes a call of the simulated host's, at a node: status, app instance, refusal's code, milliseconds."""
        host = [self.program, "host", *words, "--gateway", self.declared, "--state", self.path("host.json"), "--curl"]
        printed = subprocess.run(host, text=True, capture_output=True, check=True).stdout
        command = shlex.split(printed) + ["--connect-to", f"::127.0.0.1:{self.ports[node]}", "--max-time", "30"]
        command += ["-w", "\n%{time_total}"]
        answer = subprocess.run(command, text=True, capture_output=True, check=False).stdout
        head = answer.split("\r\n\r\n")[0].splitlines()
        fields = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
        status = int(head[0].split()[1]) if head else 0
        seconds = float(answer.rsplit("\n", 1)[-1] or 0)
        return status, fields.get("x-answered-by", ""), fields.get("x-residency-error", ""), 1000 * seconds

    def show(self, what, words, node, expected, answered_by=None):
        status, instance, refusal, milliseconds = self.call(words, node)
        good = status == expected and (answered_by is None or instance == answered_by)
        self.failures += 0 if good else 1
        mark = paint("✓", "32") if good else paint("✗", "1;31")
        by = f", answered by {instance}" if instance else f", {refusal}" if refusal else ""
        wanted = "" if good else paint(f"  expected {expected} {answered_by or ''}", "1;31")
        print(f"  {mark} {what} at {node}: {status}{by}  ({milliseconds:.0f} ms){wanted}", flush=True)

    def page(self, site, node, expected=200, called=None):
        code = SITES.get(site, "EU")
        words = ["page", "--site", site, "--region", called or code]
        answered = f"app-{code.lower()}" if expected == 200 else None
        self.show(f"a page of {site} ({region(code)}), called as {called or code},", words, node, expected, answered)

    def install(self, site, code):
        """Not by curl: the simulated host remembers what it has installed."""
        host = [self.program, "host", "install", "--site", site, "--region", code, "--gateway", self.declared]
        result = subprocess.run(
            host + ["--state", self.path("host.json"), "--json"], text=True, capture_output=True, check=False)
        try:
            said = json.loads(result.stdout)
        except ValueError:
            raise SystemExit(f"{' '.join(host)}: {result.stdout}{result.stderr}") from None
        return said["status"], said.get("refusal", "")

    def end(self):
        for child in [*self.nodes.values(), *self.children.values()]:
            child.end(signal.SIGTERM)
        try:
            self.directory.stop()
        except subprocess.CalledProcessError:
            pass


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves the declaration to the simulated host, and says nothing of it."""

    def log_message(self, *_):
        pass


def heading(text):
    print("\n" + paint(text, "1"), flush=True)


def expect(fleet, what, good):
    fleet.failures += 0 if good else 1
    print(f"  {paint('✓', '32') if good else paint('✗', '1;31')} {what}", flush=True)


def tell(fleet):
    heading("Six gateways, three regions, one directory: who owns what")
    print("  " + fleet.command("nodes", "list").strip().replace("\n", "\n  "))

    heading("A site of each region installs the app; its data lives where it was installed")
    for site, code in SITES.items():
        status, refusal = fleet.install(site, code)
        expect(fleet, f"{site} installs at {region(code)}: {status} {refusal}", status == 204)
    print("  " + fleet.command("tenants", "list").strip().replace("\n", "\n  "))

    heading("A call in the right region, at either of its gateways")
    for node in ("eu-1", "eu-2"):
        fleet.page("alpha", node)

    heading("A call that arrives in the wrong region goes on to a gateway of the right one")
    fleet.page("alpha", "us-1", called="US")
    fleet.page("gamma", "eu-2", called="EU")
    fleet.show("the same with a forged token", ["page", "--site", "alpha", "--region", "US", "--flaw", "forged"],
               "us-1", 401)

    heading("A gateway is killed: the other of its region answers")
    fleet.kill("eu-1")
    fleet.page("alpha", "eu-2")
    fleet.page("alpha", "us-2", called="US")

    heading("The directory is stopped: calls go on, installs are refused and repeated by the host")
    fleet.directory.stop()
    fleet.page("alpha", "eu-2")
    fleet.page("beta", "us-1")
    fleet.page("alpha", "de-1", called="DE")
    status, refusal = fleet.install("delta", "US")
    expect(fleet, f"delta installs at {region('US')}: {status} {refusal}", status == 503)

    heading("The killed gateway comes back meanwhile, from its own copy of the directory")
    fleet.start("eu-1")
    fleet.page("alpha", "eu-1")

    heading("The directory is back")
    fleet.directory.start()
    started = time.monotonic()
    status, refusal = fleet.install("delta", "US")
    while status == 503 and time.monotonic() - started < 60:
        time.sleep(0.1)
        status, refusal = fleet.install("delta", "US")
    waited = time.monotonic() - started
    expect(fleet, f"delta installs at {region('US')}: {status} {refusal}, {waited:.1f} s after it", status == 204)
    SITES["delta"] = "US"
    fleet.page("delta", "us-2")

    heading("A gateway is told to stop: it leaves the directory, and exits with 0")
    fleet.nodes["de-2"].end(signal.SIGTERM)
    expect(fleet, f"de-2 ended with {fleet.nodes['de-2'].process.returncode}",
           fleet.nodes.pop("de-2").process.returncode == 0)
    print("  " + fleet.command("nodes", "list").strip().replace("\n", "\n  "))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gateway", required=True, help="the program")
    parser.add_argument("--keep", action="store_true", help="keep the folder with all logs")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="residency-fleet-")
    os.chmod(folder, 0o755)
    fleet = None
    try:
        fleet = Fleet(os.path.abspath(options.gateway), folder)
        tell(fleet)
    finally:
        if fleet:
            fleet.end()
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    if fleet.failures:
        raise SystemExit(f"\n{fleet.failures} things came otherwise than told")
    print("\nAll came as told.")


if __name__ == "__main__":
    main()
