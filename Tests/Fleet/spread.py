#!/usr/bin/env python3
"""How soon a change of the directory is applied on every gateway.

Two regions with two gateways each on one PostgreSQL. Each repeated install is two changes; the time of a change is the
one that its own transaction has noted, before its commit, and it counts as applied when the gateway's mirror has it on
disk. All on one machine, so on one clock. Ends with 1 where the slowest took longer than the bound.
"""

import argparse
import os
import shutil
import statistics
import tempfile
import threading
import time

from fleet import Fleet
from host import Host
from mirrors import Mirrors, last_change
from screen import Screen


def measure(fleet, changes):
    """Milliseconds of each change at each gateway."""
    host, mirrors = Host(fleet), Mirrors(fleet)
    if host.install("alpha", "EU")[0] != 204:
        raise SystemExit("alpha cannot install the app")
    time.sleep(1)
    first = last_change(fleet)
    seen, target = {name: first for name in fleet.nodes}, first + changes
    installer = threading.Thread(target=lambda: [host.install("alpha", "EU") for _ in range((changes + 1) // 2)])
    installer.start()
    found = {name: [] for name in fleet.nodes}
    until = time.monotonic() + 120
    while any(number < target for number in seen.values()) and time.monotonic() < until:
        for name in seen:
            for number, at in mirrors.changes(name, seen[name]):
                found[name].append(1000 * time.time() - at)
                seen[name] = number
        time.sleep(0.0005)
    installer.join()
    mirrors.close()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gateway", required=True, help="the program")
    parser.add_argument("--changes", type=int, default=100)
    parser.add_argument("--bound", type=float, default=50, help="milliseconds")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="residency-spread-")
    os.chmod(folder, 0o755)
    fleet, screen = None, Screen()
    try:
        fleet = Fleet(options.gateway, folder, ["EU", "US"])
        fleet.start()
        found = measure(fleet, options.changes)
    finally:
        if fleet:
            fleet.end()
        shutil.rmtree(folder, ignore_errors=True)
    screen.heading(f"How soon a change is applied on each gateway ({options.changes} changes, made at eu-1)")
    for name, times in found.items():
        good = len(times) >= options.changes and max(times) <= options.bound
        middle = statistics.median(times) if times else 0
        screen.expect(f"{name}: median {middle:.1f} ms, longest {max(times, default=0):.1f} ms", good,
                      f"expected {options.changes} changes within {options.bound:.0f} ms, saw {len(times)}")
    if screen.failures:
        raise SystemExit(f"\n{screen.failures} gateways were slower than the bound")


if __name__ == "__main__":
    main()
