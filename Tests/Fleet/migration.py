"""The last act of the demo: a tenant's data moves to another region while its users write, and comes back."""

import time

from clients import summary
from screen import region
from writers import Writers


def a_tenant_moves(story):
    fleet, screen = story.fleet, story.screen
    screen.heading("alpha is to live in US. What stands in the way, and how long will it take?")
    client_key = Writers(fleet, "alpha", "EU", [], count=0).site["clientKey"]
    before = time.monotonic()
    with Writers(fleet, "alpha", "EU", ["eu-1", "eu-2", "us-1"]) as writers:
        screen.say(fleet.command("migrate", "plan", client_key, "--to", "US"))

        screen.heading("Eight clients write, without a pause, through gateways of both regions; the data moves meanwhile")
        while len(writers.written) < 200 and time.monotonic() - before < 60:
            time.sleep(0.05)
        screen.say(fleet.command("migrate", "start", client_key, "--to", "US", "--watch"))
        switched_after = len(writers.written)
        while len(writers.written) < switched_after + 200 and time.monotonic() - before < 120:
            time.sleep(0.05)
    check(story, writers, client_key, "US")

    screen.heading("Back again: the rows that EU still has are taken away, then the tenant moves back with what was written since")
    with Writers(fleet, "alpha", "EU", ["eu-1", "eu-2", "us-1"], mark="on the way back") as again:
        screen.say(fleet.command("migrate", "start", client_key, "--to", "EU", "--watch"))
    again.written = writers.written + again.written
    check(story, again, client_key, "EU")


def check(story, writers, client_key, code):
    """Everything that was acknowledged is there exactly once, and nothing failed."""
    screen = story.screen
    rows = story.fleet.apps.rows(
        f"app_{code.lower()}", f"SELECT text FROM note WHERE tenant = '{client_key}' ORDER BY text")
    screen.expect(
        f"{len(writers.written)} writes were acknowledged, {len(writers.failed)} failed", not writers.failed,
        "; ".join(writers.failed[:3]))
    lost, doubled = set(writers.written) - set(rows), len(rows) - len(set(rows))
    screen.expect(
        f"in {region(code)} are {len(rows)} notes: {len(lost)} lost, {doubled} doubled", not lost and not doubled,
        f"for example {sorted(lost)[:3]}")
    screen.say(f"as the clients saw it: {summary(sorted(writers.seconds))}")
    by = ", ".join(f"{count} by {name}" for name, count in sorted(writers.answered.items()))
    screen.say(f"answered: {by}")
