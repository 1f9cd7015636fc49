"""The app's own work on a tenant's rows, past every gateway: jobs in each region, on its database.

A job writes for the tenants that it finds in its database, and is told by the store when it must not: then it leaves
the work to the other region.
"""

import threading
import time

from sessions import Lost, Refused, Session


class Jobs:
    """Three in each region: one with long transactions, one that reads and writes in REPEATABLE READ, and one that
    changes and deletes what it has written before."""

    # What the store says while the tenant leaves or arrives, and a conflict with that of an older snapshot.
    REFUSAL, CONFLICT = "RS001", "40001"

    def __init__(self, fleet, client_key, book, pause=0.3, long=0.15):
        self.fleet, self.client_key, self.book, self.pause, self.long = fleet, client_key, book, pause, long
        self.is_over, self.may_work, self.idle = threading.Event(), threading.Event(), []
        self.refused, self.repeated, self.wrong = 0, 0, []
        self.may_work.set()
        self.threads = [
            threading.Thread(target=self._run, args=(code, work), daemon=True)
            for code in fleet.stores for work in (self._long, self._repeatable, self._changing)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.is_over.set()
        self.may_work.set()
        for thread in self.threads:
            thread.join()

    def _run(self, code, work):
        session, number = Session(self.fleet.stores[code], "app"), 0
        while not self.is_over.is_set():
            # An empty list says that nobody is at work.
            self.idle.append(None)
            self.may_work.wait()
            self.idle.pop()
            number += 1
            try:
                work(session, f"job {work.__name__[1:]} of {code}, {number}")
            except Lost:
                # The server is down, or was: what was under way may have been committed.
                time.sleep(0.1)
            time.sleep(self.pause)
        session.close()

    @property
    def is_idle(self):
        return len(self.idle) == len(self.threads)

    def _insert(self, key):
        return (f"INSERT INTO note (tenant, id, text, at) SELECT name, gen_random_uuid(), '{key}|1', clock_timestamp() "
                f"FROM tenant WHERE name = '{self.client_key}' RETURNING 'written'")

    def _write(self, session, writes, statements):
        """Runs a transaction that writes these (key, version). Returns whether it has."""
        began = time.monotonic()
        for key, version in writes:
            self.book.begin(key, version, began)
        try:
            rows = session.run(statements)
        except Refused as refusal:
            for key, version in writes:
                self.book.refuse(key, version)
            if refusal.state == self.REFUSAL:
                self.refused += 1
            elif refusal.state == self.CONFLICT:
                self.repeated += 1
                return None
            else:
                self.wrong.append(f"{writes[0][0]}: {refusal}")
            return False
        if rows.count("written") < len(writes):
            # The tenant does not live here.
            for key, version in writes:
                self.book.refuse(key, version)
            return False
        ended = time.monotonic()
        for key, version in writes:
            self.book.acknowledge(key, version, ended)
        return True

    def _long(self, session, key):
        keys = [f"{key}, first", f"{key}, last"]
        self._write(
            session, [(key, "1") for key in keys],
            f"BEGIN; {self._insert(keys[0])}; SELECT pg_sleep({self.long}); {self._insert(keys[1])}; COMMIT")

    def _repeatable(self, session, key):
        for _ in range(5):
            done = self._write(
                session, [(key, "1")],
                f"BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM note WHERE tenant = '{self.client_key}'; "
                f"SELECT pg_sleep({self.long / 3}); {self._insert(key)}; COMMIT")
            if done is not None:
                return

    def _changing(self, session, key):
        if not self._write(session, [(key, "1")], self._insert(key)):
            return
        where = f"WHERE tenant = '{self.client_key}' AND text LIKE '{key}|%' RETURNING 'written'"
        if self._write(session, [(key, "2")], f"UPDATE note SET text = '{key}|2' {where}"):
            self._write(session, [(key, None)], f"DELETE FROM note {where}")
