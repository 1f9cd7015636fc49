#!/usr/bin/env python3
"""One process of clients: many tasks, each going through random scenarios and checking every response it gets.

Prints a line of JSON a second: how many exchanges of each kind, and every violation. It may be killed at any moment.
"""
import asyncio
import collections
import hashlib
import json
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Benchmarks"))

import tokens  # noqa: E402
from app import body_of, fields_of  # noqa: E402

# After an app instance was killed, connections may break and calls be answered 502 to 504 for so long.
GRACE_SECONDS = 4


class Violation(Exception):
    pass


class Cut(Exception):
    """The connection ended before the response did."""


class Response:
    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body


async def read_response(reader, method):
    """One response, 1xx left out; raises Cut where it is not whole."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            status = int(head[0].split(" ")[1])
            if status >= 200 or status == 101:
                break
        fields = fields_of(head[1:])
        body = b""
        if method == "HEAD" or status in (101, 204, 304):
            pass
        elif "chunked" in fields.get("transfer-encoding", ""):
            parts = []
            while size := int(await reader.readuntil(b"\r\n"), 16):
                parts.append(await reader.readexactly(size))
                if await reader.readexactly(2) != b"\r\n":
                    raise Violation("a chunk does not end where it should")
            if await reader.readexactly(2) != b"\r\n":
                raise Violation("trailers were forwarded")
            body = b"".join(parts)
        elif "content-length" in fields:
            body = await reader.readexactly(int(fields["content-length"]))
        else:
            body = await reader.read(-1)
        return Response(status, fields, body)
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        raise Cut(str(error)) from error


class Client:
    def __init__(self, settings):
        self.settings = settings
        self.counts = collections.Counter()
        self.violations = []
        self.chance = random.Random()
        self.prefix = f"{os.getpid():x}-{self.chance.getrandbits(32):x}"
        self.number = 0

    # What is sent

    def tenant(self):
        return self.chance.choice(self.settings["tenants"])

    def mark(self):
        self.number += 1
        return f"{self.prefix}-{self.number:x}."

    def request(self, tenant, mark, what, method="GET", extra="", keep=True):
        key, secret, _ = tenant
        now = int(time.time())
        token = tokens.host_token(key, secret, method, "/soak", [("mark", mark)], now, 600)
        host = self.chance.choice(("eu.localhost", "us.localhost")) + f":{self.settings['port']}"
        in_query = self.chance.random() < 0.5
        carrier, field = (f"&jwt={token}", "") if in_query else ("", f"Authorization: JWT {token}\r\n")
        close = "" if keep else "Connection: close\r\n"
        return (f"{method} /soak?mark={mark}{carrier} HTTP/1.1\r\nHost: {host}\r\nX-Mark: {mark}\r\nX-Do: {what}\r\n"
                f"{field}{close}{extra}\r\n").encode()

    async def connect(self):
        return await asyncio.open_connection("127.0.0.1", self.settings["port"], limit=1 << 20)

    # What must come back

    def app_was_killed(self):
        return time.time() - os.stat(self.settings["kills"]).st_mtime < GRACE_SECONDS

    def check(self, response, tenant, mark, size=None):
        """True if the app answered; false for a refusal that a killed app instance explains."""
        key, _, region = tenant
        if "x-residency-error" in response.fields:
            code = response.fields["x-residency-error"]
            self.counts[f"refused {response.status} {code}"] += 1
            if response.status in (502, 503, 504) and self.app_was_killed():
                return False
            raise Violation(f"refused with {response.status} {code}: {response.body[:300]!r}")
        seen = tuple(response.fields.get(name) for name in ("x-mark", "x-app-region", "x-saw-region", "x-saw-tenant"))
        if seen != (mark, region, region, key):
            raise Violation(f"asked {(mark, region, region, key)}, answered {seen}")
        if size is not None and response.body != body_of(mark, size):
            raise Violation(f"a body of {len(response.body)} bytes is not the one of {mark}")
        return True

    # Scenarios

    async def keep_alive(self):
        reader, writer = await self.connect()
        try:
            for _ in range(self.chance.randint(1, 30)):
                method = self.chance.choice(("GET", "GET", "GET", "HEAD"))
                size = self.chance.choice((0, 1, 100, 5_000, 100_000))
                kind = self.chance.choice(("length", "length", "chunked", "slow", "204", "304"))
                tenant, mark = self.tenant(), self.mark()
                writer.write(self.request(tenant, mark, f"{kind} {size}", method))
                response = await read_response(reader, method)
                whole = method == "GET" and kind not in ("204", "304")
                self.check(response, tenant, mark, size if whole else None)
                self.counts["exchange"] += 1
                if response.fields.get("connection", "").lower() == "close":
                    return
        finally:
            writer.close()

    async def pipeline(self):
        reader, writer = await self.connect()
        try:
            asked = [(self.tenant(), self.mark(), self.chance.choice((0, 10, 20_000)))
                     for _ in range(self.chance.randint(2, 12))]
            writer.write(b"".join(self.request(tenant, mark, f"length {size}") for tenant, mark, size in asked))
            for tenant, mark, size in asked:
                response = await read_response(reader, "GET")
                self.check(response, tenant, mark, size)
                self.counts["pipelined"] += 1
                if response.fields.get("connection", "").lower() == "close":
                    return
        finally:
            writer.close()

    async def upload(self):
        reader, writer = await self.connect()
        try:
            for _ in range(self.chance.randint(1, 4)):
                tenant, mark = self.tenant(), self.mark()
                body = os.urandom(self.chance.choice((0, 1, 1_000, 70_000, 3_000_000)))
                expect = "Expect: 100-continue\r\n" if self.chance.random() < 0.3 else ""
                kind = self.chance.choice(("length", "length", "chunked", "early"))
                if self.chance.random() < 0.5:
                    extra, framed = f"Content-Length: {len(body)}\r\n{expect}", body
                else:
                    extra, framed = f"Transfer-Encoding: chunked\r\n{expect}", self.chunked(body)
                writer.write(self.request(tenant, mark, f"{kind} 300", "POST", extra))
                writer.write(framed)
                response = await read_response(reader, "POST")
                if self.check(response, tenant, mark, 300) and kind != "early":
                    seen = response.fields["x-body-length"], response.fields["x-body-digest"]
                    if seen != (str(len(body)), hashlib.sha256(body).hexdigest()):
                        raise Violation(f"the app read {seen} of a body of {len(body)} bytes")
                self.counts["upload"] += 1
                if response.fields.get("connection", "").lower() == "close":
                    return
                await writer.drain()
        finally:
            writer.close()

    def chunked(self, body):
        parts, start = [], 0
        while start < len(body):
            size = self.chance.choice((1, 17, 4_096, 100_000))
            part = body[start:start + size]
            parts.append(b"%x%b\r\n%b\r\n" % (len(part), self.chance.choice((b"", b";a=b")), part))
            start += size
        return b"".join(parts) + b"0\r\n\r\n"

    async def download(self):
        reader, writer = await self.connect()
        try:
            tenant, mark = self.tenant(), self.mark()
            size = self.chance.randint(1_000_000, 6_000_000)
            kind = self.chance.choice(("length", "chunked", "close"))
            writer.write(self.request(tenant, mark, f"{kind} {size}", keep=self.chance.random() < 0.5))
            self.check(await read_response(reader, "GET"), tenant, mark, size)
            self.counts["download"] += 1
        finally:
            writer.close()

    async def broken_app(self):
        """An app that breaks off: the client must never take the half for the whole."""
        reader, writer = await self.connect()
        try:
            tenant, mark = self.tenant(), self.mark()
            size = self.chance.choice((100, 200_000))
            writer.write(self.request(tenant, mark, f"die {size}"))
            try:
                if self.check(await read_response(reader, "GET"), tenant, mark):
                    raise Violation("a body that the app cut was taken for a whole one")
            except Cut:
                self.counts["cut by the app, and seen"] += 1
        finally:
            writer.close()

    async def tunnel(self):
        reader, writer = await self.connect()
        try:
            tenant, mark = self.tenant(), self.mark()
            extra = ("Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                     "Sec-WebSocket-Version: 13\r\nConnection: Upgrade\r\n")
            writer.write(self.request(tenant, mark, "tunnel", extra=extra))
            response = await read_response(reader, "GET")
            if not self.check(response, tenant, mark):
                return
            if response.status != 101:
                raise Violation(f"a tunnel was answered with {response.status}")
            for _ in range(self.chance.randint(1, 40)):
                data = os.urandom(self.chance.choice((1, 100, 30_000)))
                writer.write(data)
                try:
                    echo = await reader.readexactly(len(data))
                except asyncio.IncompleteReadError as error:
                    raise Cut("tunnel") from error
                if echo != data:
                    raise Violation("a tunnel changed bytes")
            self.counts["tunnel"] += 1
        finally:
            writer.close()

    async def forged(self):
        reader, writer = await self.connect()
        try:
            key, _, region = self.tenant()
            writer.write(self.request((key, "not the secret", region), self.mark(), "length 1"))
            response = await read_response(reader, "GET")
            if response.status != 401 or "x-residency-error" not in response.fields:
                raise Violation(f"a forged token got {response.status}")
            self.counts["forged, and refused"] += 1
        finally:
            writer.close()

    async def leave(self):
        """A client that goes away at a bad moment, sometimes with a reset."""
        reader, writer = await self.connect()
        tenant, mark = self.tenant(), self.mark()
        case = self.chance.randrange(5)
        if case == 0:
            request = self.request(tenant, mark, "length 10")
            writer.write(request[:self.chance.randrange(len(request))])
        elif case == 1:
            writer.write(self.request(tenant, mark, "length 10", "POST", "Content-Length: 500000\r\n") + bytes(1_000))
        elif case == 2:
            writer.write(self.request(tenant, mark, "length 4000000"))
            await reader.read(self.chance.randrange(1, 100_000))
        elif case == 3:
            writer.write(b"".join(self.request(tenant, mark, "slow 10000") for _ in range(5)))
            await asyncio.sleep(self.chance.random() * 0.1)
        else:
            writer.write(self.request(tenant, mark, "slow 100000", "POST", "Content-Length: 0\r\n"))
            await asyncio.sleep(self.chance.random() * 0.1)
        self.counts["client left"] += 1
        if self.chance.random() < 0.5:
            writer.transport.abort()
        writer.close()

    async def run(self):
        scenarios = [self.keep_alive] * 8 + [self.pipeline] * 4 + [self.upload] * 3 + [
            self.download, self.broken_app, self.tunnel, self.tunnel, self.forged, self.leave, self.leave]
        only = self.settings["only"]
        scenarios = [scenario for scenario in scenarios if not only or scenario.__name__ in only]
        while True:
            scenario = self.chance.choice(scenarios)
            try:
                await asyncio.wait_for(scenario(), 30)
            except (Cut, ConnectionError) as cut:
                self.counts["cut"] += 1
                # Wherever no app instance died, a good request on a good connection is answered.
                if not self.app_was_killed() and scenario != self.leave:
                    self.violations.append(f"{scenario.__name__}: cut, and no app instance died: {cut!r}")
            except asyncio.TimeoutError:
                self.violations.append(f"{scenario.__name__}: no answer in 30 s")
            except Violation as violation:
                self.violations.append(f"{scenario.__name__}: {violation}")


async def main(path, tasks):
    with open(path) as file:
        client = Client(json.load(file))
    running = [asyncio.create_task(client.run()) for _ in range(int(tasks))]
    while not any(task.done() for task in running):
        await asyncio.sleep(1)
        print(json.dumps({"counts": client.counts, "violations": client.violations}), flush=True)
        client.counts.clear()
        client.violations.clear()
    await asyncio.gather(*running)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
