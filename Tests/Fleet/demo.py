#!/usr/bin/env python3
"""Three regions with two gateways each and one directory on PostgreSQL, and what they do when something is lost.

Runs the real program: six `serve`, three `sample-app`, the simulated host and its key server. The host's calls come by
TLS and HTTP/2. Ends with 1 where something comes otherwise than told.
"""

import argparse
import os
import shutil
import tempfile
import time

from fleet import Fleet
from host import Host
from migration import a_tenant_moves
from screen import Screen, paint, region

SITES = {"alpha": "EU", "beta": "US", "gamma": "DE"}


class Story:
    """The fleet, the host that calls it, and the screen: what every act is given."""

    def __init__(self, fleet):
        self.fleet, self.host, self.screen = fleet, Host(fleet), Screen()

    def page(self, site, node, called=None):
        """A page of a site's, called by the URL of a region: must be answered by the app where its data lives."""
        code = SITES[site]
        called = called or code
        answer = self.host.call(node, "page", "--site", site, "--region", called)
        wrong = f", called as {called}" if called != code else ""
        good = answer.status == 200 and answer.instance == f"app-{code.lower()}" and answer.protocol == "HTTP/2"
        self.screen.expect(
            f"a page of {site} ({region(code)}){wrong} → gateway {node}: {answer.status}, {outcome(answer)}", good,
            f"expected 200 by app-{code.lower()} {answer.trouble}")

    def refused(self, what, node, status, *words):
        answer = self.host.call(node, *words)
        self.screen.expect(
            f"{what} → gateway {node}: {answer.status}, {outcome(answer)}", answer.status == status,
            f"expected {status} {answer.trouble}")

    def install(self, site, code, status):
        got, refusal = self.host.install(site, code)
        self.screen.expect(
            f"{site} installs the app in {region(code)}: {got} {refusal}".rstrip(), got == status, f"expected {status}")
        if got == 204:
            SITES[site] = code
        return got

    def nodes(self):
        """The table of the gateways, once all of them have told the directory how far they are."""
        until = time.monotonic() + 10
        while time.monotonic() < until and any(node["behind"] for node in self.fleet.known_nodes()):
            pass
        self.screen.say(self.fleet.command("nodes", "list"))


def outcome(answer):
    who = f"answered by {answer.instance}" if answer.instance else answer.refusal or "no answer"
    return f"{who}  {paint(f'{answer.protocol}, {1000 * answer.seconds:.0f} ms', '2')}"


# The acts, in order.

def who_owns_what(story):
    story.screen.heading("Six gateways, three regions, one directory: who owns what")
    story.nodes()
    story.screen.heading("A site of each region installs the app; its data lives where it was installed")
    for site, code in list(SITES.items()):
        story.install(site, code, 204)
    story.screen.say(story.fleet.command("tenants", "list"))


def right_and_wrong_region(story):
    story.screen.heading("A call in the right region, at either of its gateways")
    for node in ("eu-1", "eu-2"):
        story.page("alpha", node)
    story.screen.heading("A call that arrives in the wrong region goes on to a gateway of the right one")
    story.page("alpha", "us-1", called="US")
    story.page("gamma", "eu-2", called="EU")
    story.refused("the same page with a forged token", "us-1", 401, "page", "--site", "alpha", "--region", "US",
                  "--flaw", "forged")


def a_stranger(story):
    story.screen.heading("A stranger calls the gateways' own listener, without a certificate of their authority")
    code, said = story.host.as_stranger("eu-1")
    reason = said.rsplit("::", 1)[-1].split(", errno")[0]
    story.screen.expect(f"refused: {reason or 'nothing was said'}", code not in (0, 7, 28), "expected a refusal by TLS")


def a_gateway_is_killed(story):
    story.screen.heading("A gateway is killed (kill -9): the other of its region answers, also to other regions")
    story.fleet.kill_node("eu-1")
    story.page("alpha", "eu-2")
    story.page("alpha", "us-2", called="US")


def the_directory_is_lost(story):
    story.screen.heading("The directory is stopped: calls go on; installs are refused, and the host repeats them")
    story.fleet.directory.stop()
    story.page("alpha", "eu-2")
    story.page("beta", "us-1")
    story.page("alpha", "de-1", called="DE")
    story.install("delta", "US", 503)

    story.screen.heading("The killed gateway comes back meanwhile, from its own copy of the directory")
    story.fleet.start_node("eu-1")
    story.page("alpha", "eu-1")
    story.page("beta", "eu-1", called="EU")

    story.screen.heading("The directory is back")
    story.fleet.directory.start()
    started = time.monotonic()
    status, refusal = story.host.install("delta", "US")
    while status == 503 and time.monotonic() - started < 60:
        time.sleep(0.1)
        status, refusal = story.host.install("delta", "US")
    waited = time.monotonic() - started
    story.screen.expect(
        f"delta installs the app in {region('US')}: {status} {refusal}, {waited:.1f} s after its return", status == 204,
        "expected 204")
    SITES["delta"] = "US"
    story.page("delta", "us-2")
    story.page("delta", "eu-1", called="EU")


def a_gateway_is_stopped(story):
    story.screen.heading("A gateway is told to stop (SIGTERM): it leaves the directory, and exits with 0")
    status = story.fleet.stop_node("de-2")
    story.screen.expect(f"de-2 ended with {status}", status == 0, "expected 0")
    story.nodes()


ACTS = [
    who_owns_what, right_and_wrong_region, a_stranger, a_gateway_is_killed, the_directory_is_lost, a_gateway_is_stopped,
    a_tenant_moves]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gateway", required=True, help="the program")
    parser.add_argument("--keep", action="store_true", help="keep the folder with all logs, and say where it is")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="residency-fleet-")
    os.chmod(folder, 0o755)
    fleet = None
    try:
        fleet = Fleet(options.gateway, folder, list(SITES.values()), moves_data=True)
        fleet.start()
        story = Story(fleet)
        print("Every call below comes by https and HTTP/2, with a certificate for the name of the region that is called; "
              "\ngateways prove to each other who they are by certificates of an authority of their own.")
        for act in ACTS:
            act(story)
    finally:
        if fleet:
            fleet.end()
        if options.keep:
            print(f"\nThe logs are in {folder}.")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    if story.screen.failures:
        raise SystemExit(f"\n{story.screen.failures} things came otherwise than told")
    print("\nAll came as told.")


if __name__ == "__main__":
    main()
