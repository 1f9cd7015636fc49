"""Starting, watching and stopping the processes that are measured."""
import os
import re
import signal
import socket
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A server on a port of this machine."""

    def __init__(self, name, command, port, folder, environment=None):
        self.name, self.port = name, port
        self.output = open(f"{folder}/{name.replace(' ', '-')}.out", "w")
        self.child = subprocess.Popen(command, stdout=self.output, stderr=subprocess.STDOUT,
                                      env={**os.environ, **(environment or {})})

    def wait_until_listening(self, seconds=60):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.child.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return self
            except OSError:
                time.sleep(0.05)
        raise SystemExit(f"{self.name} does not listen on {self.port}; its output: {tail(self.output.name)}")

    def cpu_seconds(self):
        """User and system time so far."""
        with open(f"/proc/{self.child.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return int(fields[11]) / TICKS, int(fields[12]) / TICKS

    def resident_mb(self):
        return self._status("VmRSS")

    def peak_mb(self):
        return self._status("VmHWM")

    def reset_peak(self):
        with open(f"/proc/{self.child.pid}/clear_refs", "w") as file:
            file.write("5")

    def _status(self, field):
        with open(f"/proc/{self.child.pid}/status") as file:
            return int(re.search(rf"{field}:\s+(\d+)", file.read()).group(1)) / 1024

    def stop(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(10)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        self.output.close()


def tail(path, size=2000):
    with open(path, errors="replace") as file:
        return file.read()[-size:]
