#!/usr/bin/env python3
"""Mixed load on a running gateway for some minutes, while clients and app instances are killed at random.

It fails when the gateway dies, when any response is not the one that was asked for, when a request is refused or cut
that no killed app instance explains, or when memory grows.
"""
import argparse
import collections
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "Benchmarks"))

from gateway import Gateway  # noqa: E402
from processes import free_port, tail  # noqa: E402
from workload import Workload  # noqa: E402

TENANTS = 400
TASKS = 24
KILL_EVERY = (3, 15)
# What the last quarter may hold beyond the second one: the first quarter fills caches and pools.
GROWTH_MB = 15


class Child:
    """A process that is killed and started again; its lines of JSON are added up."""

    def __init__(self, command, total=None, port=None):
        self.command, self.total, self.port, self.process = command, total, port, None
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE if self.total else None, text=True)
        if self.total:
            threading.Thread(target=self.total.read, args=(self.process.stdout,), daemon=True).start()

    def kill(self):
        self.process.kill()
        self.process.wait()


class Total:
    def __init__(self):
        self.counts, self.violations, self.lock = collections.Counter(), [], threading.Lock()

    def read(self, lines):
        for line in lines:
            if not line.endswith("\n"):
                return
            part = json.loads(line)
            with self.lock:
                self.counts.update(part["counts"])
                self.violations += part["violations"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gateway", required=True, help="the binary")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--clients", type=int, default=2, help="processes")
    parser.add_argument("--only", nargs="*", default=[], help="names of the clients' scenarios")
    parser.add_argument("--no-kills", action="store_true", help="leave clients and app instances alone")
    return parser.parse_args()


def prepare(folder, options):
    """The gateway's files and the clients' settings."""
    workload = Workload(folder, TENANTS, int(time.time()))
    ports = {region: free_port() for region in ("EU", "US")}
    gateway = Gateway(os.path.abspath(options.gateway), folder, ports, free_port(), event_loops=2)
    gateway.import_tenants(f"{folder}/tenants.ndjson")
    kills = f"{folder}/kills"
    with open(kills, "w"), open(f"{folder}/clients.json", "w") as file:
        json.dump({"port": gateway.port, "kills": kills, "only": options.only,
                   "tenants": [[key, secret, region] for _, key, secret, region in workload.tenants]}, file)
    return gateway, ports, kills


def kill_one(chance, apps, clients, kills):
    """Kills an app instance or a process of clients, and starts it anew a moment later."""
    if chance.random() < 0.5:
        chance.choice(clients).kill()
        next(client for client in clients if client.process.poll() is not None).start()
        return "client"
    os.utime(kills)
    app = chance.choice(apps)
    app.kill()
    time.sleep(chance.random() * 1.5)
    app.start()
    while not listens(app.port):
        os.utime(kills)
        time.sleep(0.2)
    os.utime(kills)
    return "app instance"


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def watch(process, options, apps, clients, kills):
    """Kills and measures until the time is over; resident megabytes over time, and the number of kills."""
    chance, killed, memory = random.Random(), collections.Counter(), []
    end = time.monotonic() + options.minutes * 60
    next_kill = time.monotonic() + chance.uniform(*KILL_EVERY)
    while time.monotonic() < end and process.child.poll() is None:
        time.sleep(1)
        if process.child.poll() is None:
            memory.append(process.resident_mb())
        if not options.no_kills and time.monotonic() > next_kill:
            killed[kill_one(chance, apps, clients, kills)] += 1
            next_kill = time.monotonic() + chance.uniform(*KILL_EVERY)
    return memory, killed


def soak(folder, options):
    gateway, ports, kills = prepare(folder, options)
    total = Total()
    apps = [Child([sys.executable, f"{HERE}/app.py", region, str(port)], port=port)
            for region, port in ports.items()]
    process, _ = gateway.start()
    clients = []
    try:
        clients = [Child([sys.executable, f"{HERE}/client.py", f"{folder}/clients.json", str(TASKS)], total)
                   for _ in range(options.clients)]
        memory, killed = watch(process, options, apps, clients, kills)
        died = process.child.poll()
    finally:
        for child in [*clients, *apps]:
            child.kill()
        process.stop()
    return report(total, memory, killed, died, f"{folder}/gateway.out")


def report(total, memory, killed, died, output):
    """Prints what happened; true if all is well."""
    for name, count in sorted(total.counts.items()):
        print(f"{count:10d} {name}")
    print("killed: " + (", ".join(f"{count} of kind {name}" for name, count in killed.items()) or "none"))
    quarter = max(1, len(memory) // 4)
    early, late = statistics.median(memory[quarter:2 * quarter] or [0]), statistics.median(memory[-quarter:] or [0])
    print(f"resident: {early:.1f} MB in the second quarter, {late:.1f} MB in the last, "
          f"{max(memory or [0]):.1f} MB at most")
    step = max(1, len(memory) // 12)
    print("resident over time: " + " ".join(f"{value:.0f}" for value in memory[::step]))
    wrong = [f"the gateway died with {died}; its last words: {tail(output)}"] if died is not None else []
    if late - early > GROWTH_MB:
        wrong.append(f"memory grew by {late - early:.1f} MB")
    if not total.counts:
        wrong.append("nothing was exchanged")
    for violation, count in collections.Counter(total.violations).most_common(20):
        wrong.append(f"{count} × {violation}")
    for sentence in wrong:
        print(f"WRONG: {sentence}")
    print("The soak found nothing wrong." if not wrong else "The soak found what is named above.")
    return not wrong


def main():
    folder = tempfile.mkdtemp(prefix="residency-soak-")
    try:
        good = soak(folder, arguments())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
