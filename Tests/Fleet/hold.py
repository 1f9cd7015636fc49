#!/usr/bin/env python3
"""A tenant is held for a second under load, and switched to another region: what its clients and others see of it.

Three acts: a hold of one second; one that takes longer than a request waits (503 tenant-held); one with more requests
than may wait (503 hold-full). Clients pipeline, so a held connection has requests behind one another. Ends with 1 where
a request fails otherwise than told, or is answered out of its turn; times are printed.
"""
import argparse
import asyncio
import collections
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Benchmarks"))

import tokens  # noqa: E402
from gateway import Gateway  # noqa: E402
from processes import free_port  # noqa: E402
from workload import Workload  # noqa: E402

APP_KEY = "com.example.app"
TENANTS = 41
# Requests that may wait, per event loop.
HELD_REQUESTS = 50
WARM_UP, AFTER = 4.0, 3.0


class App(asyncio.Protocol):
    """An app instance: answers with the mark of each request, and where it runs."""

    def __init__(self, region):
        self.region, self.rest = region, b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        *heads, self.rest = (self.rest + data).split(b"\r\n\r\n")
        answers = []
        for head in heads:
            start = head.find(b"\r\nX-Mark: ") + 10
            mark = head[start:head.find(b"\r\n", start)] if start > 9 else b"-"
            answers.append(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Mark: %b\r\nX-App: %b\r\n\r\nok"
                           % (mark, self.region))
        self.transport.write(b"".join(answers))


class Client(asyncio.Protocol):
    """One connection: sends requests at their times, whether or not the one before is answered."""

    def __init__(self, head, results):
        self.head, self.results, self.waiting, self.rest = head, results, collections.deque(), b""
        self.number = 0

    def connection_made(self, transport):
        self.transport = transport

    def send(self):
        self.number += 1
        self.waiting.append((b"%d" % self.number, time.time()))
        self.transport.write(b"%bX-Mark: %d\r\n\r\n" % (self.head, self.number))

    def data_received(self, data):
        self.rest += data
        while (end := self.rest.find(b"\r\n\r\n")) >= 0:
            head = self.rest[:end]
            length = int(field(head, b"content-length") or 0)
            if len(self.rest) < end + 4 + length:
                return
            self.rest = self.rest[end + 4 + length:]
            mark, sent = self.waiting.popleft()
            code = (field(head, b"x-residency-error") or b"").decode()
            status = int(head[9:12])
            in_turn = status != 200 or field(head, b"x-mark") == mark
            retry = field(head, b"retry-after") is not None
            region = (field(head, b"x-app") or b"").decode()
            self.results.append((sent, time.time(), status, code, region, in_turn, retry))

    def connection_lost(self, error):
        now = time.time()
        self.results += [(sent, now, 0, "cut", "", True, False) for _, sent in self.waiting]
        self.waiting.clear()


def field(head, name):
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.lower() == name:
            return value.strip()
    return None


async def load(port, heads, rate, connections, start, seconds):
    """Sends `rate` requests a second, spread over the connections, and returns what came of each."""
    loop, results = asyncio.get_running_loop(), []
    clients = []
    for index in range(connections):
        head = heads[index % len(heads)]
        clients.append((await loop.create_connection(lambda head=head: Client(head, results), "127.0.0.1", port))[1])
    count, total = 0, int(rate * seconds)
    while count < total:
        due = min(total, int((time.time() - start) * rate))
        for index in range(count, due):
            clients[index % connections].send()
        count = max(count, due)
        await asyncio.sleep(0.002)
    until = time.time() + 10
    while any(client.waiting for client in clients) and time.time() < until:
        await asyncio.sleep(0.02)
    for client in clients:
        client.transport.close()
    await asyncio.sleep(0.05)
    return results


def run_load(queue, name, *arguments):
    queue.put((name, asyncio.run(load(*arguments))))


def run_app(region, port):
    async def serve():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: App(region.encode()), "127.0.0.1", port, backlog=1024)
        await server.serve_forever()
    asyncio.run(serve())


class Act:
    """One hold under load, and what was seen of it."""

    def __init__(self, stage, target, held, connections):
        queue, start = multiprocessing.Queue(), time.time() + 0.5
        seconds = WARM_UP + held + AFTER
        loads = [multiprocessing.Process(target=run_load, args=(queue, name, stage.gateway.port, heads, rate, count,
                                                                start, seconds))
                 for name, heads, rate, count in (("tenant", stage.heads[:1], stage.options.rate, connections),
                                                  ("others", stage.heads[1:], stage.options.others, 40))]
        for process in loads:
            process.start()
        time.sleep(max(0, start + WARM_UP - time.time()))
        self.asked = time.time()
        driver = subprocess.Popen(
            [stage.options.driver, f"{stage.folder}/residency.sqlite", f"{stage.folder}/residency.key", APP_KEY,
             stage.tenant, target], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.held = self.await_event(driver, "held")
        time.sleep(held)
        driver.stdin.close()
        self.released = self.await_event(driver, "released")
        driver.wait()
        results = dict(queue.get() for _ in loads)
        for process in loads:
            process.join()
        self.tenant, self.others, self.start = results["tenant"], results["others"], start
        self.target = target

    @staticmethod
    def await_event(driver, name):
        line = driver.stdout.readline()
        if not line or json.loads(line)["event"] != name:
            raise SystemExit(f"the tenant was not {name}")
        return time.time()

    def codes(self):
        return collections.Counter(code or str(status) for _, _, status, code, _, _, _ in self.tenant)

    def faults(self, allowed=()):
        """What went otherwise than told."""
        faults = []
        for name, results in (("the tenant", self.tenant), ("others", self.others)):
            bad = [r for r in results if r[2] != 200 and not (name == "the tenant" and r[3] in allowed and r[6])]
            if bad:
                faults.append(f"{len(bad)} requests of {name} failed: {collections.Counter(r[2:4] for r in bad)}")
            if not all(r[5] for r in results):
                faults.append(f"answers for {name} came out of their turn")
        late = [r for r in self.tenant if r[0] > self.released + 1 and r[2] == 200 and r[4] != self.target]
        if late:
            faults.append(f"{len(late)} requests were answered by the old region a second after the switch")
        return faults

    def tell(self):
        waited = sorted(done - sent for sent, done, status, *_ in self.tenant if status == 200 and done > self.held)
        print(f"  held for {self.released - self.held:.2f} s, {1000 * (self.held - self.asked):.0f} ms after it was "
              f"asked for; the tenant's {len(self.tenant)} requests: "
              + ", ".join(f"{count} × {code}" for code, count in self.codes().most_common())
              + f"; the longest answered one took {waited[-1]:.2f} s")
        spans = [("before", self.start + 1, self.asked), ("while held", self.asked, self.released),
                 ("after", self.released + 0.5, time.time())]
        told = []
        for name, begin, end in spans:
            times = sorted(done - sent for sent, done, *_ in self.others if begin <= sent < end)
            if times:
                told.append(f"{name} {1000 * times[len(times) // 2]:.1f} / {1000 * times[len(times) * 99 // 100]:.1f}")
        print(f"  others' {len(self.others)} requests, median / p99 in ms: " + ", ".join(told))


class Stage:
    """Gateway, app instances and tenants."""

    def __init__(self, folder, options):
        self.folder, self.options = folder, options
        workload = Workload(folder, TENANTS, int(time.time()))
        ports = {region: free_port() for region in ("EU", "US")}
        self.gateway = Gateway(os.path.abspath(options.gateway), folder, ports, free_port(), event_loops=2)
        self.gateway.environment |= {"RESIDENCY_LIMITS_HELD_REQUESTS": str(HELD_REQUESTS),
                                     "RESIDENCY_DIRECTORY_POLL_INTERVAL": "20ms"}
        self.gateway.import_tenants(f"{folder}/tenants.ndjson")
        # The one of EU comes first.
        tenants = sorted(workload.tenants, key=lambda tenant: tenant[3])
        self.tenant = tenants[0][1]
        self.heads = [
            (f"GET /api HTTP/1.1\r\nHost: {region.lower()}.localhost\r\n"
             f"Authorization: JWT {tokens.context_token(key, secret, workload.now)}\r\n").encode()
            for _, key, secret, region in tenants]
        self.apps = [multiprocessing.Process(target=run_app, args=item, daemon=True) for item in ports.items()]
        for app in self.apps:
            app.start()
        self.process, _ = self.gateway.start()

    def end(self):
        self.process.stop()
        for app in self.apps:
            app.terminate()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gateway", required=True, help="the binary")
    parser.add_argument("--driver", required=True, help="the binary that holds the tenant")
    parser.add_argument("--rate", type=int, default=500, help="the tenant's requests a second")
    parser.add_argument("--others", type=int, default=2000, help="those of 40 others")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="residency-hold-")
    stage, faults = Stage(folder, options), []
    try:
        for title, target, held, connections, allowed in (
                (f"{options.rate} requests/s of one tenant, {options.others} of others, a hold of 1 s", "US", 1, 60, ()),
                ("a hold that takes longer than a request waits", "EU", 4, 60, ("tenant-held",)),
                ("more requests at once than may wait", "US", 1, 200, ("hold-full",))):
            print(title)
            act = Act(stage, target, held, connections)
            act.tell()
            faults += act.faults(allowed)
            faults += [f"there was no {code}" for code in allowed if code not in act.codes()]
    finally:
        stage.end()
        shutil.rmtree(folder, ignore_errors=True)
    for fault in faults:
        print(f"NOT AS TOLD: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
