#!/usr/bin/env python3
"""A tenant's data moves from region to region, again and again, while its users and the app's own jobs write.

Two regions with two gateways each, and PostgreSQL for the directory and for the app in each region. Users write and
read through all gateways, some leave before they are answered; jobs work on the databases, past the gateways, with long
transactions among them. After each move the rules of checker.py are looked at. Prints the pauses as the users saw them.
Ends with 1 where a call has failed or a rule was broken.
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
from screen import Screen


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
    checker = Checker(
        fleet, "alpha", rows=1000, writers=max(1, options.clients // 2), readers=max(1, options.clients // 4),
        senders=max(1, options.clients // 4), pause=0.005)
    users, client_key = checker.users, checker.client_key
    with checker:
        for number in range(options.moves):
            source, target = ["EU", "US"][number % 2], ["US", "EU"][number % 2]
            users.settle()
            purge(fleet, client_key, number)
            first = len(users.calls)
            fleet.command("migrate", "start", client_key, "--to", target, "--watch")
            users.settle()
            behind, failed = users.behind(first, target), [call.wrong for call in users.calls[first:] if call.wrong]
            with checker.at_rest():
                faults = checker.faults(target, source, is_purged=False)
            faults += failed + [f"answered by {call.by} after {target} had" for call in behind]
            if users.calls[-1].by != f"app-{target.lower()}":
                faults.append(f"answered by {users.calls[-1].by}")
            longest.append(max(call.ended - call.began for call in users.calls[first:]))
            screen.expect(
                f"move {number + 1} to {target}: the slowest call took {1000 * longest[-1]:.0f} ms, "
                f"{len(checker.book.allowed)} writes looked for", not faults, "; ".join(faults[:5]))
            if users.calls[-1].by != f"app-{target.lower()}":
                screen.say(fleet.command("migrate", "status", client_key))
                break
    jobs, rate = checker.jobs, len(users.calls) / (time.monotonic() - began)
    screen.say(f"{checker.book.acknowledged} writes acknowledged; jobs were refused {jobs.refused} times in the region "
               f"that the tenant was not in, and repeated {jobs.repeated} transactions")
    screen.say(f"{rate:.0f} calls a second; {summary(sorted(users.seconds))}")
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


if __name__ == "__main__":
    main()
