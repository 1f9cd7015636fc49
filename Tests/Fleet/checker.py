"""Users and jobs of one tenant at work while its data moves, and the rules that what they have seen must keep.

1. Every write that was acknowledged is in the tenant's region, in its last version, once; nothing else is there.
2. No read is older than a write that was acknowledged before it began.
3. Once the new region has answered a call, none that begins later is answered by the old one.
4. What is still in the old region is in the new one, too; after the purge nothing is.
"""

import contextlib
import time

from book import Book
from jobs import Jobs
from users import Users

# What the sample app asks for its newest notes by; a tenant of millions of notes needs it.
INDEX = "CREATE INDEX IF NOT EXISTS note_by_time ON note (tenant, at)"
# The sample app works on; whoever sends such a note may have left before it is written.
SLOW = """
CREATE OR REPLACE FUNCTION take_time() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_sleep(0.05); RETURN NEW; END $$;
CREATE OR REPLACE TRIGGER slow BEFORE INSERT ON note
    FOR EACH ROW WHEN (NEW.text LIKE 'left%') EXECUTE FUNCTION take_time()
"""


class Checker:
    def __init__(self, fleet, site, home="EU", rows=0, leavers=2, pause=0.02, work=True, **users):
        self.fleet, self.book, self.rows_before = fleet, Book(), rows
        for code in fleet.stores:
            fleet.stores[code].run("psql", "-q", "-d", "app", "-c", INDEX, "-c", SLOW)
        nodes = list(fleet.nodes)
        self.users = Users(fleet, site, home, nodes, book=self.book, pause=pause, **users)
        self.leaving = Users(
            fleet, site, home, nodes, writers=0, leavers=leavers, book=self.book, pause=5 * pause, mark="left")
        self.client_key = self.users.site["clientKey"]
        self.jobs = Jobs(fleet, self.client_key, self.book) if work else None
        self.prefill(home, rows)

    def prefill(self, home, rows):
        """Old notes, so that there is something to copy."""
        self.fleet.rows(
            home,
            "INSERT INTO note (tenant, id, text, at) SELECT t.name, gen_random_uuid(), format('old %s', i) || "
            f"repeat(' note', 40) || '|1', now() - interval '1 day' FROM tenant t, generate_series(1, {rows}) i "
            f"WHERE t.name = '{self.client_key}'")
        self.fleet.rows(home, "ANALYZE note")
        self.book.prefill(f"old {number}" + " note" * 40 for number in range(1, rows + 1))

    def __enter__(self):
        self.users.__enter__()
        self.leaving.__enter__()
        if self.jobs:
            self.jobs.start()
        return self

    def __exit__(self, *_):
        if self.jobs:
            self.jobs.stop()
        self.leaving.__exit__()
        self.users.__exit__()

    @contextlib.contextmanager
    def at_rest(self, seconds=90):
        """Nobody is at work, and nothing that was begun is under way."""
        at_work = [part for part in (self.users, self.leaving) if part.threads]
        for part in at_work:
            part.may_call.clear()
        if self.jobs:
            self.jobs.may_work.clear()
            at_work.append(self.jobs)
        until = time.monotonic() + seconds
        while not all(part.is_idle for part in at_work) and time.monotonic() < until:
            time.sleep(0.01)
        # Handlers whose clients have left.
        time.sleep(0.3)
        yield
        self.users.may_call.set()
        self.leaving.may_call.set()
        if self.jobs:
            self.jobs.may_work.set()

    def notes(self, code):
        return self.fleet.rows(code, f"SELECT text FROM note WHERE tenant = '{self.client_key}'")

    def faults(self, code, other, is_purged):
        """What breaks the rules, with the tenant in `code` and nobody at work."""
        found, left = self.notes(code), self.notes(other)
        faults = self.book.audit(found)
        if is_purged and left:
            faults.append(f"{len(left)} notes are left in {other}")
        elif missing := {text.rpartition("|")[0] for text in left} - {text.rpartition("|")[0] for text in found}:
            # One that was deleted since is not missed.
            deleted = {key for key in missing if None in self.book.allowed.get(key, ())}
            faults += [f"left behind in {other}: {key}" for key in missing - deleted]
        counts = self.fleet.rows(code, f"SELECT webhooks FROM tenant WHERE name = '{self.client_key}'")
        counted = int(counts[0]) if counts else -1
        if not self.users.counted <= counted <= self.users.counted + self.users.perhaps:
            faults.append(f"{counted} webhooks are counted, and {self.users.counted} were acknowledged")
        faults += self.users.stale
        self.users.stale = []
        if self.jobs:
            faults += self.jobs.wrong
            self.jobs.wrong = []
        return faults
