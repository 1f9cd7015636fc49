"""Calls of the simulated host, made by curl over TLS and HTTP/2 at the gateway that the story names."""

import json
import shlex
import subprocess

PROTOCOLS = {"2": "HTTP/2", "1.1": "HTTP/1.1", "3": "HTTP/3"}


class Answer:
    """What came back: `protocol` is empty where nothing did; `seconds` are curl's own, from connect to the end."""

    def __init__(self, status=0, protocol="", fields=None, seconds=0.0, trouble=""):
        self.status, self.protocol, self.fields = status, protocol, fields or {}
        self.seconds, self.trouble = seconds, trouble

    @property
    def instance(self):
        return self.fields.get("x-answered-by", "")

    @property
    def refusal(self):
        return self.fields.get("x-residency-error", "")


class Host:
    """The simulated host of one fleet."""

    def __init__(self, fleet):
        self.fleet = fleet

    def _words(self, *words):
        return [
            self.fleet.program, "host", *words, "--gateway", self.fleet.declared, "--state",
            self.fleet.path("host.json")]

    def curl(self, *words):
        """The curl command of a call that the simulated host would make."""
        done = subprocess.run(self._words(*words, "--curl"), text=True, capture_output=True, check=False)
        if done.returncode:
            raise SystemExit(f"the simulated host makes no call `{' '.join(words)}`: {done.stderr.strip()}")
        return shlex.split(done.stdout)

    def call(self, node, *words):
        return self.send(node, self.curl(*words))

    def send(self, node, command):
        """Makes a call at a node, whose certificate must be for the name that is called."""
        command = command + [
            "--http2", "--cacert", self.fleet.public.file, "--connect-to", f"::127.0.0.1:{self.fleet.ports[node]}",
            "--max-time", "30", "-sS", "-w", "\n%{http_version} %{time_total}"]
        done = subprocess.run(command, text=True, capture_output=True, check=False)
        head = done.stdout.split("\r\n\r\n")[0].splitlines()
        version, seconds = (done.stdout.rsplit("\n", 1)[-1].split() + ["0", "0"])[:2]
        if not head or not head[0].startswith("HTTP/"):
            return Answer(trouble=done.stderr.strip())
        fields = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
        return Answer(int(head[0].split()[1]), PROTOCOLS.get(version, version), fields, float(seconds))

    def install(self, site, code):
        """At the public URL of a region, by the simulated host itself, which remembers the site: status and refusal."""
        words = self._words("install", "--site", site, "--region", code, "--ca", self.fleet.public.file, "--json")
        done = subprocess.run(words, text=True, capture_output=True, check=False)
        try:
            said = json.loads(done.stdout)
        except ValueError:
            return 0, (done.stdout + done.stderr).strip()
        return said["status"], said.get("refusal") or ""

    def as_stranger(self, node):
        """Calls a gateway's listener for gateways without a certificate: what curl says of it."""
        port = self.fleet.peers[node]
        command = ["curl", "-sS", "--cacert", self.fleet.internal.file, f"https://127.0.0.1:{port}/", "--max-time", "10"]
        done = subprocess.run(command, text=True, capture_output=True, check=False)
        return done.returncode, done.stderr.strip()
