"""The program under test, started and ended."""

import http.server
import json
import os
import subprocess
import threading


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
        """Sends a signal and waits: the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(60)
        self.process.stdout.close()
        return self.process.returncode


class Files:
    """Serves a folder on a free port of this machine, and says nothing of it."""

    def __init__(self, folder):
        files = http.server.ThreadingHTTPServer(("127.0.0.1", 0), lambda *rest: Quiet(*rest, directory=folder))
        threading.Thread(target=files.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{files.server_port}"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass
