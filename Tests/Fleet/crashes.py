#!/usr/bin/env python3
"""Kills everything that takes part in a move, at every step of it, and looks what comes of the move.

The steps are the phases of a migration and the states of a tenant's row in both stores, read from the program's source:
a new one is in the matrix by itself. At each a process is killed -9 (a gateway, a PostgreSQL, an app instance) or the
link between the regions is cut, as soon as the journal shows that the step was reached. What was killed is started
again; nothing else is done. The move must come to an end by itself, the tenant must be served where its rows are, and
the rules of checker.py must hold; slots, publications, triggers and rows must be gone where they are not needed.
Prints a line a crash, and a table. Ends with 1 where anything came otherwise.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

from checker import Checker
from fleet import Fleet
from host import Host
from journal import PHASES, STATES, Journal
from screen import Screen

REGIONS = ["EU", "US"]
# What a migration is told, in turn, whenever there is nothing left for it to do by itself.
SCENARIOS = {
    "move": ("automatic", ["purge"]),
    "cancel": ("manual", ["cancel"]),
    "return": ("automatic", ["return", "purge"]),
}
VICTIMS = ["coordinator", "source node", "target node", "source database", "target database", "directory", "source app",
           "target app", "link"]
# A node that is not started again while the move goes on must be replaced by the other one.
LEASE = 3
# Long enough for every budget and every repetition, on a machine with other work.
PATIENCE = 180

LEFTOVERS = """
SELECT 'trigger ' || tgname FROM pg_trigger WHERE tgname LIKE 'zz_residency%'
UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = to_regnamespace('residency')
UNION ALL SELECT 'relation ' || relname FROM pg_class WHERE relnamespace = to_regnamespace('residency')
    AND relname ~ '_[0-9a-f]{8}_[0-9a-f]{12}'
UNION ALL SELECT 'publication ' || pubname FROM pg_publication
UNION ALL SELECT 'slot ' || slot_name FROM pg_replication_slots
UNION ALL SELECT 'move ' || migration FROM residency.move
UNION ALL SELECT 'cursor ' || lane FROM residency.cursor
UNION ALL SELECT 'row ' || state || ' of migration ' || migration FROM residency.tenant WHERE migration <> ''
"""


class Crash:
    """One process that is killed and started again, or the link that is cut and mended."""

    def __init__(self, fleet, victim, source, target, coordinator, dice):
        self.fleet, self.victim, self.source, self.target = fleet, victim, source, target
        self.coordinator = coordinator or f"{source.lower()}-1"
        self.again_at, self.is_over = time.monotonic() + dice.choice([0.1, 1, 2]), False
        if victim == "coordinator" and dice.random() < 0.5:
            self.again_at += 3 * LEASE
        self._do(False)

    def tick(self):
        if not self.is_over and time.monotonic() >= self.again_at:
            self.is_over = True
            self._do(True)

    def _do(self, again):
        fleet, side = self.fleet, self.source if self.victim.startswith("source") else self.target
        if self.victim == "link":
            fleet.relays.set(fleet.between(self.source, self.target), cut=not again)
        elif self.victim.endswith("database") or self.victim == "directory":
            server = fleet.directory if self.victim == "directory" else fleet.stores[side]
            server.start_again() if again else server.kill()
        elif self.victim.endswith("app"):
            fleet.start_app(side) if again else fleet.kill_app(side)
        else:
            node = self.coordinator
            if self.victim != "coordinator":
                # Of the source the one that does not lead; of the target the one that is asked first.
                others = [f"{side.lower()}-{number}" for number in fleet.numbers]
                node = next(other for other in others if other != self.coordinator)
            fleet.start_node(node) if again else fleet.kill_node(node)


class Matrix:
    def __init__(self, fleet, screen, checker, seed):
        self.fleet, self.screen, self.checker, self.seed = fleet, screen, checker, seed
        self.journal, self.results, self.number = Journal(fleet), {}, 0

    # One migration

    def place(self):
        """The region that serves the tenant; `None` where none does."""
        rows = self.journal.try_run("directory", "SELECT region, placement_state FROM tenants")
        region, _, state = (rows or ["|"])[0].partition("|")
        return region if state == "serving" else None

    def tell(self, *words):
        """A command of an operator's, until it is heard. What it refuses is refused because the move has gone on."""
        until = time.monotonic() + 60
        while True:
            node = next(iter(self.fleet.nodes))
            done = subprocess.run(
                [self.fleet.program, "migrate", *words, "--config", self.fleet.path(f"{node}.yaml")], text=True,
                capture_output=True, env={**os.environ, **self.fleet.environment}, check=False)
            if done.returncode == 0 or time.monotonic() > until:
                return done.stdout + done.stderr
            time.sleep(0.3)
            if words[0] != "start" and (known := self.journal.migration()) and known["is_over"]:
                return ""

    def drive(self, scenario, source, target, step=None, victim=None, dice=None):
        """Runs a migration to its end, with a crash where its step is reached. Returns the steps and what is wrong."""
        commit, commands = SCENARIOS[scenario]
        commands, steps, crash, hit_at = list(commands), [], None, None
        for place in ("directory", *REGIONS):
            self.journal.reached(place)
        before = (self.journal.migration() or {"id": ""})["id"]
        at = ["--at", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))]
        self.tell("start", self.checker.client_key, "--to", target, "--commit", commit,
                  *(at if step == ("phase", "scheduled") else []))
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            # In this order: the last steps of a migration that is over have been seen.
            now, known = time.monotonic(), self.journal.migration()
            for place, kind in (("directory", "phase"), (source, "source"), (target, "target")):
                steps += [(kind, name) for name in self.journal.reached(place)]
            if step in steps and hit_at is None:
                hit_at = now + dice.choice([0, 0, 0, 0.01, 0.05, 0.2])
            if hit_at is not None and not crash and now >= hit_at:
                crash = Crash(self.fleet, victim, source, target, known and known["node"], dice)
            if crash:
                crash.tick()
            if known and known["id"] != before:
                if known["is_over"]:
                    if hit_at is None or crash and crash.is_over:
                        return steps, [] if crash or not step else [f"was not reached: {known['reason']}"]
                elif commands and (known["purge"] if commit == "automatic" else known["phase"] == "ready"):
                    # After the switch, or where it waits for a word.
                    word = commands.pop(0)
                    self.tell(word, known["id"])
            time.sleep(0.003)
        if crash and not crash.is_over:
            crash.again_at = 0
            crash.tick()
        return steps, [f"it has not come to an end within {PATIENCE} s: {self.journal.migration()}"]

    def check(self, source, target, first):
        """What is wrong once a migration is over."""
        place, faults = None, []
        until = time.monotonic() + 60
        while time.monotonic() < until and not (place := self.place()):
            time.sleep(0.1)
        if not place:
            return ["nobody serves the tenant"]
        other = target if place == source else source
        while not self.checker.users.settle() and time.monotonic() < until:
            pass
        if failed := [call.wrong for call in self.checker.users.calls[-50:] if call.wrong]:
            faults.append(f"calls still fail: {failed[-1]}")
        elif self.checker.users.calls[-1].by != f"app-{place.lower()}":
            faults.append(f"{self.checker.users.calls[-1].by} answers, and the tenant is in {place}")
        with self.checker.at_rest():
            faults += self.checker.faults(place, other, is_purged=True)
            faults += self.leftovers()
        states = {code: self.journal.run(code, "SELECT state FROM residency.tenant") for code in REGIONS}
        if states[place] != ["open"] or states[other] not in ([], ["open"], ["moved"]):
            faults.append(f"the tenant is in {place}, and its rows say {states}")
        if place == target:
            behind = self.checker.users.behind(first, target)
            faults += [f"answered by {call.by} after {target} had" for call in behind[:3]]
        return faults

    def leftovers(self):
        """What is left of the move in the stores; the last of it may be taken away a moment after its end."""
        until = time.monotonic() + 20
        while True:
            left = [f"left in {code}: {row}" for code in REGIONS for row in self.journal.run(code, LEFTOVERS)]
            if not left or time.monotonic() > until:
                return left
            time.sleep(0.2)

    def run(self, scenario, step=None, victim=None):
        """One migration and what is to be said of it. Returns its steps; `None` where nothing can follow it."""
        self.number += 1
        source = self.place()
        target = next(code for code in REGIONS if code != source)
        dice = random.Random(f"{self.seed} {step} {victim}")
        first, began = len(self.checker.users.calls), time.monotonic()
        steps, faults = self.drive(scenario, source, target, step, victim, dice)
        is_over = not faults or self.journal.migration()["is_over"]
        faults += self.check(source, target, first)
        known, seconds = self.journal.migration(), time.monotonic() - began
        end = known["phase"] + (f" ({known['reason']})" if known["reason"] else "")
        what = f"{step[0]} {step[1]}: {victim}" if step else f"no crash, {scenario}"
        good = self.screen.expect(
            f"{self.number}. {source} to {target}, {what}: {end}, {seconds:.1f} s", not faults, "; ".join(faults[:6]))
        if step:
            self.results[(step, victim)] = good
        return steps if is_over and self.place() else None

    # All of them

    def table(self):
        names = {victim: victim.replace("database", "db").replace("coordinator", "leader") for victim in VICTIMS}
        print("\n  " + " " * 24 + "  ".join(names.values()))
        for step in dict.fromkeys(step for step, _ in self.results):
            marks = []
            for victim, name in names.items():
                mark = {True: "ok", False: "FAULT", None: "-"}[self.results.get((step, victim))]
                marks.append(mark.ljust(len(name)))
            print("  " + f"{step[0]} {step[1]}".ljust(24) + "  ".join(marks))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gateway", required=True, help="the program")
    parser.add_argument("--quick", action="store_true", help="one crash at each phase up to the purge")
    parser.add_argument("--steps", help="steps whose names contain this, such as cuttingOver or target")
    parser.add_argument("--victims", help="victims whose names contain this")
    parser.add_argument("--seed", type=int, default=1, help="of the moments within a step")
    parser.add_argument("--keep", action="store_true", help="keep the folder with all logs, and say where it is")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="residency-crashes-")
    os.chmod(folder, 0o755)
    fleet, screen = None, Screen()
    try:
        fleet = Fleet(options.gateway, folder, REGIONS, moves_data=True, relayed=True, changes={
            # Copying takes a moment.
            "migration": {"leaseTimeout": f"{LEASE}s", "bytesPerSecond": "2MiB", "cutoverWindow": "10s"}})
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
    checker = Checker(fleet, "alpha", rows=3000, writers=3, readers=2, senders=1, leavers=1, pause=0.05)
    with checker:
        checker.users.settle()
        matrix = Matrix(fleet, screen, checker, options.seed)
        began = time.monotonic()
        if options.quick:
            scenarios = {("phase", phase): "move" for phase in PHASES[:PHASES.index("purging") + 1]}
            cases = [(step, VICTIMS[place % len(VICTIMS)]) for place, step in enumerate(scenarios)]
        else:
            scenarios = rehearse(matrix)
            cases = [(step, victim) for step in scenarios for victim in VICTIMS]
        cases = [(step, victim) for step, victim in cases
                 if (options.steps or "") in " ".join(step) and (options.victims or "") in victim]
        for step, victim in cases:
            if matrix.run(scenarios[step], step, victim) is None:
                screen.say(f"Nothing can follow that: {matrix.journal.migration()}")
                break
        matrix.table()
        good = sum(matrix.results.values())
        screen.say(f"{good} of {len(cases)} crashes came to a good end, in {time.monotonic() - began:.0f} s; "
                   f"{checker.book.acknowledged} writes were looked for")
        matrix.journal.close()


def rehearse(matrix):
    """Every scenario without a crash: which steps it reaches. A phase that none does is a fault of this script."""
    scenarios = {}
    for turn, scenario in enumerate([*SCENARIOS, *SCENARIOS]):
        steps = matrix.run(scenario)
        if steps is None:
            sys.exit("a migration without a crash has not ended")
        if not turn:
            # The gateways' own tables are there now.
            matrix.journal.watch_stores()
        for step in steps:
            scenarios.setdefault(step, scenario)
    reached = {name for kind, name in scenarios if kind == "phase"}
    states = {name for kind, name in scenarios if kind != "phase"}
    if missing := [name for name in PHASES if name not in reached] + [name for name in STATES if name not in states]:
        matrix.screen.expect(f"every step is reached by one of {', '.join(SCENARIOS)}", False, ", ".join(missing))
    order = [("phase", name) for name in PHASES]
    order += [(side, name) for name in STATES for side in ("source", "target")]
    return {step: scenarios[step] for step in order if step in scenarios}


if __name__ == "__main__":
    main()
