"""Clients of one tenant that write through the gateways as long as they are told, and remember what was acknowledged.

Every write is the only one of its text, so that it can be looked for afterwards: there once, or lost, or doubled.
"""

import http.client
import json
import os
import ssl
import sys
import threading
import time

from clients import Connection, named_in_url

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Benchmarks"))
from tokens import context_token  # noqa: E402


class Writers:
    """`count` clients, each with a connection of its own to one of `nodes`; all call the URL of the region
    `called`. The texts begin with `mark`."""

    def __init__(self, fleet, site, called, nodes, count=8, pause=0.02, mark="first"):
        with open(fleet.path("host.json"), encoding="utf-8") as file:
            self.site = next(known for known in json.load(file)["sites"] if known["name"] == site)
        self.fleet, self.called, self.nodes, self.pause, self.mark = fleet, called, nodes, pause, mark
        self.context = ssl.create_default_context(cafile=fleet.public.file)
        self.is_over, self.lock = threading.Event(), threading.Lock()
        # Texts that were acknowledged; what was wrong with the others; how long each call took.
        self.written, self.failed, self.seconds = [], [], []
        # How many calls each app instance has answered.
        self.answered, self.last_by = {}, None
        self.threads = [threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(count)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    @staticmethod
    def _fault(status, said, text):
        """The app answers with its newest notes: what has just been written must be among them."""
        if status != 200:
            return f"{status} {said[:200]!r}"
        return "" if text in json.loads(said)["notes"] else "the answer is older than the write"

    def _run(self, number):
        node = self.nodes[number % len(self.nodes)]
        connection = Connection(self.fleet.ports[node], f"{self.called.lower()}.localhost", self.context)
        fields = {
            "Host": f"{self.called.lower()}.localhost:{self.fleet.ports[named_in_url(self.called)]}",
            "Authorization": "JWT " + context_token(
                self.site["clientKey"], self.site["sharedSecret"], int(time.time())),
            "Content-Type": "application/json"}
        count = 0
        while not self.is_over.wait(self.pause):
            count += 1
            text = f"{self.mark}: client {number}, note {count}"
            began, by = time.monotonic(), None
            try:
                connection.request("POST", "/api/notes", json.dumps({"text": text}), fields)
                answer = connection.getresponse()
                said = answer.read()
                by = answer.headers.get("X-Answered-By")
                wrong = self._fault(answer.status, said, text)
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                wrong = repr(error)
            with self.lock:
                self.seconds.append(time.monotonic() - began)
                if wrong:
                    self.failed.append(f"{text} at {node}: {wrong}")
                else:
                    self.written.append(text)
                    self.last_by = by
                    self.answered[by] = self.answered.get(by, 0) + 1
