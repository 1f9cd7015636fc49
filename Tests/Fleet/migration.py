"""The last act of the demo: a tenant's data moves to another region while its users write, and comes back."""

import time

from clients import summary
from screen import region
from users import Users


def a_tenant_moves(story):
    fleet, screen = story.fleet, story.screen
    screen.heading("alpha is to live in US. What stands in the way, and how long will it take?")
    client_key = Users(fleet, "alpha", "EU", [], writers=0).site["clientKey"]
    before = time.monotonic()
    with Users(fleet, "alpha", "EU", ["eu-1", "eu-2", "us-1"]) as writers:
        screen.say(fleet.command("migrate", "plan", client_key, "--to", "US"))

        screen.heading("Eight clients write, without a pause, through gateways of both regions; the data moves meanwhile")
        while writers.book.acknowledged < 200 and time.monotonic() - before < 60:
            time.sleep(0.05)
        screen.say(fleet.command("migrate", "start", client_key, "--to", "US", "--watch"))
        switched_after = writers.book.acknowledged
        while writers.book.acknowledged < switched_after + 200 and time.monotonic() - before < 120:
            time.sleep(0.05)
    check(story, writers, client_key, "US")

    screen.heading("Back again: the rows that EU still has are taken away, then the tenant moves back with what was written since")
    with Users(
            fleet, "alpha", "EU", ["eu-1", "eu-2", "us-1"], book=writers.book, mark="on the way back") as again:
        screen.say(fleet.command("migrate", "start", client_key, "--to", "EU", "--watch"))
    check(story, again, client_key, "EU")


def check(story, writers, client_key, code):
    """Everything that was acknowledged is there exactly once, and nothing failed."""
    screen = story.screen
    rows = story.fleet.rows(code, f"SELECT text FROM note WHERE tenant = '{client_key}' ORDER BY text")
    screen.expect(
        f"{writers.book.acknowledged} writes were acknowledged, {len(writers.failed)} failed", not writers.failed,
        "; ".join(writers.failed[:3]))
    faults = writers.book.audit(rows)
    screen.expect(
        f"in {region(code)} are {len(rows)} notes, each of them once", not faults, "; ".join(faults[:3]))
    screen.say(f"as the clients saw it: {summary(sorted(writers.seconds))}")
    by = ", ".join(f"{count} by {name}" for name, count in sorted(writers.answered().items()))
    screen.say(f"answered: {by}")
