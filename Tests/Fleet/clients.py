"""Load of the host's calls on a fleet, by clients that do what a load balancer does.

A client keeps its connections. Where a gateway takes none it goes to the next one of the region, and a GET whose kept
connection has been closed before a byte of the answer is sent once more on a new one. All else that does not bring the
page of the site's own region is a failed call.
"""

import http.client
import random
import socket
import ssl
import threading
import time

TIMEOUT = 30


class Connection(http.client.HTTPConnection):
    """To one gateway, by the name of a region, which its certificate must be for."""

    def __init__(self, port, name, context):
        super().__init__(name, port, timeout=TIMEOUT)
        self.context = context

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), self.timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = self.context.wrap_socket(plain, server_hostname=self.host)


class Load:
    """`pages` are the host's URLs by region: (site's own region, path with query), called at that region's gateways."""

    def __init__(self, fleet, pages, clients_per_region=4, rate=200):
        self.fleet, self.pages = fleet, pages
        self.context = ssl.create_default_context(cafile=fleet.public.file)
        self.pause = clients_per_region * len(pages) / rate
        # Of each call: when it ended, how long it took, what was wrong.
        self.calls, self.moved, self.repeated = [], 0, 0
        self.is_over = threading.Event()
        self.threads = [
            threading.Thread(target=self._run, args=(code, number), daemon=True)
            for code in pages for number in range(clients_per_region)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join(TIMEOUT + 1)

    def between(self, start, end):
        """Seconds of the calls that ended then, in order of length, and what was wrong with those that failed."""
        calls = [call for call in self.calls if start <= call[0] < end]
        return sorted(call[1] for call in calls), [call[2] for call in calls if call[2]]

    def _run(self, code, number):
        nodes = [f"{code.lower()}-{index}" for index in self.fleet.numbers]
        nodes = nodes[number % len(nodes):] + nodes[:number % len(nodes)]
        kept = {}
        while not self.is_over.wait(self.pause * random.uniform(0.5, 1.5)):
            home, target = random.choice(self.pages[code])
            began = time.monotonic()
            wrong = self._call(code, nodes, kept, home, target)
            ended = time.monotonic()
            self.calls.append((ended, ended - began, wrong))

    def _call(self, code, nodes, kept, home, target):
        """What was wrong; empty where nothing was."""
        host = f"{code.lower()}.localhost:{self.fleet.ports[named_in_url(code)]}"
        for node in nodes:
            for _ in range(2):
                connection, is_kept = kept.pop(node, None), True
                if connection is None:
                    connection, is_kept = self._connect(code, node), False
                    if connection is None:
                        break
                try:
                    connection.request("GET", target, headers={"Host": host})
                    response = connection.getresponse()
                    response.read()
                except (http.client.RemoteDisconnected, ConnectionError, ssl.SSLError) as error:
                    connection.close()
                    if is_kept:
                        self.repeated += 1
                        continue
                    return f"{node}: {error!r}"
                except OSError as error:
                    connection.close()
                    return f"{node}: {error!r}"
                if not response.will_close:
                    kept[node] = connection
                by = response.headers.get("X-Answered-By")
                if response.status != 200:
                    return f"{node}: {response.status} {response.headers.get('X-Residency-Error', '')}"
                return "" if by == f"app-{home.lower()}" else f"{node}: answered by {by} instead of {home}"
            self.moved += 1
        return "no gateway of the region takes a connection"

    def _connect(self, code, node):
        connection = Connection(self.fleet.ports[node], f"{code.lower()}.localhost", self.context)
        try:
            connection.connect()
        except OSError:
            connection.close()
            return None
        return connection


def named_in_url(code):
    """The gateway whose port stands in the region's public URL."""
    return f"{code.lower()}-1"


def summary(seconds):
    """Of calls: how many, median, 99th percentile and the longest."""
    if not seconds:
        return "no calls"
    at = lambda part: 1000 * seconds[min(len(seconds) - 1, int(part * len(seconds)))]  # noqa: E731
    return f"{len(seconds)} calls, median {at(0.5):.1f} ms, 99 % within {at(0.99):.0f} ms, longest {at(1):.0f} ms"
