#!/usr/bin/env python3
"""A tenant's data moves from region to region, again and again, while its users write through all gateways.

Two regions with two gateways each, the directory and the app's data on PostgreSQL. Every write is the only one of its
text; after each move all that were acknowledged must be in the new region, each once. Prints the pauses as the clients
saw them. Ends with 1 where a call failed, a write was lost or doubled, or an answer was older than a write.
"""

import argparse
import json
import os
import shutil
import tempfile
import time

from clients import summary
from fleet import Fleet
from host import Host
from screen import Screen
from writers import Writers


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gateway", required=True, help="the program")
    parser.add_argument("--moves", type=int, default=10)
    parser.add_argument("--clients", type=int, default=8, help="of the tenant, each with a connection of its own")
    parser.add_argument("--keep", action="store_true", help="keep the folder with all logs, and say where it is")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="residency-moves-")
    os.chmod(folder, 0o755)
    fleet, screen = None, Screen()
    try:
        fleet = Fleet(options.gateway, folder, ["EU", "US"], moves_data=True)
        fleet.start()
        status, refusal = Host(fleet).install("alpha", "EU")
        if status != 204:
            raise SystemExit(f"the app is not installed: {status} {refusal}")
        run(fleet, screen, options)
    finally:
        if fleet:
            fleet.end()
        if options.keep:
            print(f"The logs are in {folder}.")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    raise SystemExit(1 if screen.failures else 0)


def run(fleet, screen, options):
    longest, began = [], time.monotonic()
    with Writers(fleet, "alpha", "EU", list(fleet.nodes), options.clients, pause=0) as writers:
        client_key = writers.site["clientKey"]
        for number in range(options.moves):
            target = ["US", "EU"][number % 2]
            settle(writers)
            purge(fleet, client_key, number)
            first = len(writers.seconds)
            fleet.command("migrate", "start", client_key, "--to", target, "--watch")
            settle(writers)
            place = fleet.apps.rows(f"app_{target.lower()}", f"SELECT count(*) FROM note WHERE tenant = '{client_key}'")
            longest.append(max(writers.seconds[first:]))
            screen.expect(
                f"move {number + 1} to {target}: the slowest call took {1000 * longest[-1]:.0f} ms, {place[0]} notes "
                "there", writers.last_by == f"app-{target.lower()}", f"answered by {writers.last_by}")
            if writers.last_by != f"app-{target.lower()}":
                screen.say(fleet.command("migrate", "status", client_key))
                break
    # The fence of the region that the tenant has left refuses what comes late; what is there is complete.
    rows = fleet.apps.rows(f"app_{target.lower()}", f"SELECT text FROM note WHERE tenant = '{client_key}'")
    lost, doubled = set(writers.written) - set(rows), len(rows) - len(set(rows))
    screen.expect(
        f"{len(writers.written)} writes acknowledged, {len(writers.failed)} failed, {len(lost)} lost, {doubled} doubled",
        not (writers.failed or lost or doubled), "; ".join((writers.failed + sorted(lost))[:5]))
    rate = len(writers.seconds) / (time.monotonic() - began)
    screen.say(f"{rate:.0f} calls a second; {summary(sorted(writers.seconds))}")
    screen.say(f"the slowest call of each move: {summary(sorted(longest)).replace('calls', 'moves')}")


def purge(fleet, client_key, number):
    """A move back leads to where rows are left, which are taken away first; one onwards needs them gone before."""
    if number == 0 or number % 2:
        return
    fleet.command("migrate", "purge", client_key)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if json.loads(fleet.command("migrate", "status", client_key, "--json"))["phase"] in ("done", "returned"):
            return
        time.sleep(0.1)


def settle(writers):
    """Lets the clients make some calls that do not meet a move."""
    wanted, until = len(writers.seconds) + 20 * len(writers.threads), time.monotonic() + 30
    while len(writers.seconds) < wanted and time.monotonic() < until:
        time.sleep(0.02)


if __name__ == "__main__":
    main()
