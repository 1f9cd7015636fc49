"""Users of one tenant that write and read through the gateways as long as they are told, and what they have seen.

Every write is the only one of its text, so that it can be looked for afterwards: there once, or lost, or doubled.
"""

import collections
import http.client
import json
import os
import random
import ssl
import sys
import threading
import time

from book import Book
from clients import Connection, named_in_url

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Benchmarks"))
from tokens import context_token  # noqa: E402

# `by` is the app instance that has answered, `wrong` is empty where all was well.
Call = collections.namedtuple("Call", "began ended by wrong")


class Users:
    """Each has a connection of its own to one of `nodes`, and all call the URL of the region `called`. `writers` add
    notes; `readers` look for what was acknowledged before; `leavers` send a note and are gone before the answer;
    `senders` post what the app counts. With a `rate`, that many calls a second are due in all, and one that could not
    be sent when it was due has waited since."""

    def __init__(self, fleet, site, called, nodes, writers=8, readers=0, leavers=0, senders=0, pause=0.02, rate=None,
                 book=None, mark="first"):
        with open(fleet.path("host.json"), encoding="utf-8") as file:
            self.site = next(known for known in json.load(file)["sites"] if known["name"] == site)
        self.fleet, self.called, self.nodes, self.pause, self.mark = fleet, called, nodes, pause, mark
        self.book = book or Book()
        self.context = ssl.create_default_context(cafile=fleet.public.file)
        self.is_over, self.may_call, self.lock = threading.Event(), threading.Event(), threading.Lock()
        self.may_call.set()
        # Reads that were older than a write; how many calls were counted, and how many perhaps.
        self.calls, self.stale, self.counted, self.perhaps = [], [], 0, 0
        work = [self._write] * writers + [self._read] * readers + [self._leave] * leavers + [self._count] * senders
        self.period = len(work) / rate if rate else None
        self.busy = len(work)
        self.threads = [
            threading.Thread(target=self._run, args=(number, do), daemon=True) for number, do in enumerate(work)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.may_call.set()
        for thread in self.threads:
            thread.join()

    # What they have seen

    @property
    def failed(self):
        return [call.wrong for call in list(self.calls) if call.wrong]

    @property
    def seconds(self):
        return [call.ended - call.began for call in list(self.calls)]

    def answered(self):
        """How many calls each app instance has answered."""
        return collections.Counter(call.by for call in list(self.calls) if call.by)

    def behind(self, first, target):
        """Calls since the one of number `first` that began when the region `target` had answered one already, and were
        answered by another."""
        calls, name = self.calls[first:], f"app-{target.lower()}"
        switched = min((call.ended for call in calls if call.by == name), default=None)
        return [call for call in calls if switched and call.began > switched and call.by not in (name, None)]

    def settle(self, seconds=30):
        """Lets them make some calls, and says whether all went well."""
        first, until = len(self.calls), time.monotonic() + seconds
        while len(self.calls) < first + 10 * len(self.threads) and time.monotonic() < until:
            time.sleep(0.02)
        return not any(call.wrong for call in self.calls[first:]) and len(self.calls) > first

    @property
    def is_idle(self):
        return self.busy == 0

    # What they do

    def _run(self, number, do):
        node = self.nodes[number % len(self.nodes)]
        connection = Connection(self.fleet.ports[node], f"{self.called.lower()}.localhost", self.context)
        fields = {
            "Host": f"{self.called.lower()}.localhost:{self.fleet.ports[named_in_url(self.called)]}",
            "Authorization": "JWT " + context_token(
                self.site["clientKey"], self.site["sharedSecret"], int(time.time())),
            "Content-Type": "application/json"}
        count, due = 0, time.monotonic() + random.random() * (self.period or 0)
        while not self.is_over.wait(max(0, due - time.monotonic()) if self.period else self.pause):
            if not self.may_call.is_set():
                with self.lock:
                    self.busy -= 1
                self.may_call.wait()
                due = time.monotonic()
                with self.lock:
                    self.busy += 1
            count += 1
            call = do(connection, fields, f"{self.mark}: client {number}, note {count}", node)
            if self.period:
                call = call._replace(began=due)
                due += self.period
            with self.lock:
                self.calls.append(call)
        connection.close()

    def _ask(self, connection, node, method, path, fields, body=None):
        """The call, what was said, and whether the app may have been asked at all."""
        began, by, said = time.monotonic(), None, b""
        try:
            connection.request(method, path, json.dumps(body) if body else None, fields)
            answer = connection.getresponse()
            said = answer.read()
            by = answer.headers.get("X-Answered-By")
            wrong = "" if answer.status < 300 else f"{method} at {node}: {answer.status} {said[:200]!r}"
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            wrong = f"{method} at {node}: {error!r}"
        return Call(began, time.monotonic(), by, wrong), said

    def _write(self, connection, fields, key, node):
        """The app answers with its newest notes: what has just been written must be among them."""
        self.book.begin(key, "1", time.monotonic())
        call, said = self._ask(connection, node, "POST", "/api/notes", fields, {"text": f"{key}|1"})
        if call.wrong:
            return call
        if self.pause >= 0 and f"{key}|1" not in (notes := json.loads(said)["notes"]) and len(notes) < 20:
            self.stale.append(f"{key} is not among the notes that its own write has brought")
        self.book.acknowledge(key, "1", call.ended)
        return call

    def _read(self, connection, fields, key, node):
        call, said = self._ask(connection, node, "GET", "/api/notes", fields)
        if not call.wrong and (older := self.book.stale(json.loads(said)["notes"], call.began)):
            self.stale.append(f"{key} at {node} has not seen {older}")
        return call

    def _leave(self, connection, fields, key, node):
        """On a connection of its own; nobody hears what has come of it."""
        began = time.monotonic()
        self.book.begin(key, "1", began)
        leaving = Connection(self.fleet.ports[node], f"{self.called.lower()}.localhost", self.context)
        try:
            leaving.request("POST", "/api/notes", json.dumps({"text": f"{key}|1"}), fields)
            time.sleep(random.random() * 0.005)
        except OSError:
            pass
        leaving.close()
        # A load of leavers alone would leave no time for their handlers.
        time.sleep(0.2)
        return Call(began, began, None, "")

    def _count(self, connection, fields, key, node):
        call, _ = self._ask(connection, node, "POST", "/webhooks/issue-created", fields, {"issue": key})
        with self.lock:
            if call.wrong:
                self.perhaps += 1
            else:
                self.counted += 1
        return call
