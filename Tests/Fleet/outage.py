#!/usr/bin/env python3
"""The directory is away for a while under load, and a gateway is restarted meanwhile.

Two regions with two gateways each, host calls by TLS, half of them in the wrong region. Shows, and ends with 1 where
one of it does not hold: no call for a known site fails; installs are refused with 503 and Retry-After; every gateway
has caught up within two seconds of the directory's return.
"""

import argparse
import os
import shutil
import tempfile
import time
from urllib.parse import urlsplit

from clients import Load, summary
from fleet import Fleet
from host import Host
from mirrors import Mirrors, last_change
from screen import Screen

# Where the data of each site is, and which region's URL its host calls.
SITES = {"alpha": ("EU", "EU"), "beta": ("US", "US"), "gamma": ("EU", "US"), "delta": ("US", "EU")}
CAUGHT_UP_WITHIN = 2.0
RESTARTED = "eu-1"


class Outage:
    def __init__(self, fleet, seconds, rate):
        self.fleet, self.host, self.screen, self.seconds = fleet, Host(fleet), Screen(), seconds
        for site, (code, _) in SITES.items():
            status, refusal = self.host.install(site, code)
            if status != 204:
                raise SystemExit(f"{site} cannot install the app: {status} {refusal}")
        self.load = Load(fleet, self.pages(), rate=rate)
        self.began = time.monotonic()

    def pages(self):
        """Half of the sites are called in the region where their data is not."""
        pages = {code: [] for code in self.fleet.regions}
        for site, (home, called) in SITES.items():
            url = urlsplit(self.host.curl("page", "--site", site, "--region", called)[-1])
            pages[called].append((home, f"{url.path}?{url.query}"))
        return pages

    def say(self, text):
        self.screen.say(f"{time.monotonic() - self.began:6.1f} s  {text}")

    def run(self):
        self.screen.heading(f"The directory is away for {self.seconds:.0f} s under load")
        self.say("the host calls")
        self.load.start()
        time.sleep(max(2.0, self.seconds / 10))
        stopped = time.monotonic()
        self.fleet.directory.stop()
        self.say("the directory is stopped")
        refusals = self.while_away(stopped)
        self.fleet.directory.start()
        returned = time.monotonic()
        self.say("the directory is back")
        installed, caught_up = self.after_return()
        self.say("all gateways have caught up with it")
        time.sleep(2)
        self.load.stop()
        self.judge(stopped, returned, time.monotonic(), refusals, installed - returned, caught_up - returned)

    def while_away(self, stopped):
        """Tries installs, restarts a gateway: what the installs were answered."""
        refusals, is_restarted = [], False
        command = self.host.curl("install", "--site", "late", "--region", "US")
        while time.monotonic() - stopped < self.seconds:
            if not is_restarted and time.monotonic() - stopped > self.seconds / 3:
                status = self.fleet.stop_node(RESTARTED)
                self.say(f"gateway {RESTARTED} is told to stop, and ends with {status}")
                self.fleet.start_node(RESTARTED)
                self.say(f"gateway {RESTARTED} serves again, from its own copy of the directory")
                is_restarted = True
            for node in ("us-1", RESTARTED):
                answer = self.host.send(node, command)
                refusals.append((answer.status, answer.fields.get("retry-after"), answer.seconds))
            time.sleep(min(1.0, self.seconds / 10))
        return refusals

    def after_return(self):
        """When an install was taken, and when every gateway had the directory's last change on disk."""
        while self.host.install("late", "US")[0] != 204:
            pass
        installed = time.monotonic()
        last, mirrors = last_change(self.fleet), Mirrors(self.fleet)
        while any(mirrors.applied(name) < last for name in self.fleet.nodes) and time.monotonic() - installed < 60:
            time.sleep(0.005)
        mirrors.close()
        return installed, time.monotonic()

    def judge(self, stopped, returned, end, refusals, installed, caught_up):
        expect = self.screen.expect
        self.screen.heading("What it came to")
        for phase, start, until in (
                ("before", self.began, stopped), ("while it was away", stopped, returned), ("after it", returned, end)):
            seconds, wrong = self.load.between(start, until)
            expect(f"{phase}: {summary(seconds)}, {len(wrong)} failed", bool(seconds) and not wrong,
                   "; ".join(sorted(set(wrong))[:5]))
        self.screen.say(
            f"(of these {self.load.moved} went to the next gateway, and {self.load.repeated} were sent again on a new "
            "connection, as load balancers do)")
        good = [status == 503 and after is not None for status, after, _ in refusals]
        expect(f"{len(refusals)} installs were tried meanwhile, all refused with 503 and Retry-After, the slowest after "
               f"{max((seconds for *_, seconds in refusals), default=0):.1f} s", bool(good) and all(good),
               f"{[refusal for refusal, is_good in zip(refusals, good) if not is_good][:5]}")
        expect(f"an install was taken {installed:.2f} s after the directory's return", installed <= CAUGHT_UP_WITHIN,
               f"expected at most {CAUGHT_UP_WITHIN} s")
        expect(f"every gateway had caught up {caught_up:.2f} s after it", caught_up <= CAUGHT_UP_WITHIN,
               f"expected at most {CAUGHT_UP_WITHIN} s")
        nodes = self.fleet.known_nodes()
        expect(f"{len(nodes)} gateways are in the directory, none of them silent",
               len(nodes) == len(self.fleet.nodes) and not any(node["silent"] for node in nodes), f"{nodes}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gateway", required=True, help="the program")
    parser.add_argument("--seconds", type=float, default=60, help="for how long the directory is away (at most 600)")
    parser.add_argument("--rate", type=float, default=200, help="calls a second")
    parser.add_argument("--keep", action="store_true", help="keep the folder with all logs, and say where it is")
    options = parser.parse_args()
    # The host's tokens are good for 15 minutes.
    if not 1 <= options.seconds <= 600:
        parser.error("--seconds must be from 1 to 600")
    folder = tempfile.mkdtemp(prefix="residency-outage-")
    os.chmod(folder, 0o755)
    fleet = None
    try:
        fleet = Fleet(options.gateway, folder, ["EU", "US"])
        fleet.start()
        outage = Outage(fleet, options.seconds, options.rate)
        outage.run()
    finally:
        if fleet:
            fleet.end()
        if options.keep:
            print(f"\nThe logs are in {folder}.")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    if outage.screen.failures:
        raise SystemExit(f"\n{outage.screen.failures} claims do not hold")
    print("\nAll of it holds.")


if __name__ == "__main__":
    main()
