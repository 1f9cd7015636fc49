#!/usr/bin/env python3
"""How long a tenant's users wait while its data moves from region to region under load.

Two regions with a gateway each. Users send calls at a fixed rate, half of them writes; a call that could not be sent
when it was due has waited since. Prints, for each move, the call that took longest from its beginning to a second after
its end, and of all moves how long 99 % of them were within. With `--round-trip` the ways between the regions, and from
the second region to the directory, take that long. Ends with 1 where a call failed, or the bar was missed.
"""

import argparse
import json
import os
import shutil
import tempfile
import time

from checker import Checker
from clients import summary
from fleet import Fleet
from host import Host
from moves import purge
from screen import Screen


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gateway", required=True, help="the program")
    parser.add_argument("--moves", type=int, default=50)
    parser.add_argument("--rate", type=int, default=500, help="calls of the tenant a second")
    parser.add_argument("--rows", type=int, default=10_000, help="of the tenant, before")
    parser.add_argument("--round-trip", type=int, default=0, help="between the regions, in milliseconds")
    parser.add_argument("--bar", type=int, help="for 99 % of the moves, in milliseconds")
    parser.add_argument("--keep", action="store_true", help="keep the folder with all logs, and say where it is")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="residency-pauses-")
    os.chmod(folder, 0o755)
    fleet, screen = None, Screen()
    try:
        fleet = Fleet(
            options.gateway, folder, ["EU", "US"], nodes_per_region=1, moves_data=True,
            relayed=options.round_trip > 0, changes={"migration": {"bytesPerSecond": "0B"}})
        fleet.start()
        status, refusal = Host(fleet).install("alpha", "EU")
        if status != 204:
            raise SystemExit(f"the app is not installed: {status} {refusal}")
        if fleet.relays:
            fleet.relays.set(fleet.relays.ways, delay=options.round_trip / 2000)
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
    # Calls that pass from region to region take a round trip: so many have to be under way at a time.
    clients = max(16, 2 * options.rate * options.round_trip // 1000)
    checker = Checker(
        fleet, "alpha", rows=options.rows, leavers=0, work=False, writers=clients // 2, readers=clients // 2,
        rate=options.rate)
    users, client_key, longest = checker.users, checker.client_key, []
    with checker:
        for number in range(options.moves):
            target = ["US", "EU"][number % 2]
            settle(users, options.rate)
            purge(fleet, client_key, number)
            first, before = len(users.calls), sorted(users.seconds[-options.rate:])
            fleet.command("migrate", "start", client_key, "--to", target)
            status = follow(fleet, client_key, is_return=number % 2 == 1)
            settle(users, options.rate)
            calls = users.calls[first:]
            longest.append(max(call.ended - call.began for call in calls))
            failed = [call.wrong for call in calls if call.wrong]
            screen.expect(
                f"move {number + 1} to {target}: the slowest call took {1000 * longest[-1]:.0f} ms, the gate was closed "
                f"{status['progress'].get('pause')} ms; before: {summary(before)}",
                not failed and users.calls[-1].by == f"app-{target.lower()}", "; ".join(failed[:3]) or status["reason"])
        with checker.at_rest():
            faults = checker.faults(target, "EU" if target == "US" else "US", is_purged=False)
        screen.expect(f"{checker.book.acknowledged} writes were looked for", not faults, "; ".join(faults[:5]))
    longest.sort()
    within = 1000 * longest[min(len(longest) - 1, int(0.99 * len(longest)))]
    screen.expect(
        f"{options.rows} rows, {options.round_trip} ms between the regions: "
        f"{summary(longest).replace('calls', 'moves')}", not options.bar or within <= options.bar,
        f"the bar is {options.bar} ms")


def settle(users, rate):
    """A second's calls."""
    wanted, until = len(users.calls) + rate, time.monotonic() + 30
    while len(users.calls) < wanted and time.monotonic() < until:
        time.sleep(0.02)


def follow(fleet, client_key, is_return):
    """Waits for the switch, asking seldom: the machine is the users'."""
    until = time.monotonic() + 600
    while True:
        status = json.loads(fleet.command("migrate", "status", client_key, "--json"))
        is_switched = status["phase"] == "committed" and "purgeAt" in status and status["isReturn"] == is_return
        over = is_switched or status["phase"] in ("rolledBack", "returned")
        if over or time.monotonic() > until:
            return status
        time.sleep(0.5)


if __name__ == "__main__":
    main()
