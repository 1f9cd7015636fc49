#!/usr/bin/env python3
"""Ways between regions that can be made long, or cut: relays in a process of their own.

`Relays` is for scripts; as a program this file is that process. It reads a line of JSON a change from its standard
input (`name`, and `delay` in seconds one way, or `cut`), and answers each with a line.
"""

import asyncio
import collections
import json
import subprocess
import sys


class Relays:
    """`ways`: by name, (address to listen at, address to lead to), each `(host, port)`."""

    def __init__(self, ways):
        self.ways = ways
        self.process = subprocess.Popen(
            [sys.executable, __file__, json.dumps(ways)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def set(self, names, **change):
        """`delay=0.05` for so many seconds each way; `cut=True`: nothing gets through, and nobody is told."""
        for name in names:
            self.process.stdin.write(json.dumps({"name": name, **change}) + "\n")
            self.process.stdin.flush()
            self.process.stdout.readline()

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Way:
    def __init__(self, target):
        self.target, self.delay, self.cut, self.pipes = target, 0, False, set()

    async def serve(self, reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection(*self.target)
        except OSError:
            writer.close()
            return
        for one, other in ((reader, far_writer), (far_reader, writer)):
            asyncio.get_running_loop().create_task(self.pass_on(one, other, (writer, far_writer)))

    async def pass_on(self, reader, writer, both):
        loop, parts, more = asyncio.get_running_loop(), collections.deque(), asyncio.Event()
        self.pipes.add(both)

        async def send():
            while True:
                while not parts:
                    more.clear()
                    await more.wait()
                due, data = parts.popleft()
                if due > loop.time():
                    await asyncio.sleep(due - loop.time())
                if self.cut:
                    continue
                if not data:
                    writer.close()
                    return
                writer.write(data)
                await writer.drain()

        sender = loop.create_task(send())
        try:
            while True:
                data = await reader.read(1 << 18)
                # What has been sent into a cut is lost, and so is the news of an end.
                if not self.cut:
                    parts.append((loop.time() + self.delay, data))
                    more.set()
                if not data:
                    break
            if not self.cut:
                await sender
        except (OSError, asyncio.CancelledError):
            writer.close()
        finally:
            sender.cancel()
            self.pipes.discard(both)

    def change(self, delay=None, cut=None):
        if delay is not None:
            self.delay = delay
        if cut is not None:
            if self.cut and not cut:
                # What connections have lost does not come back.
                for pipe in list(self.pipes):
                    for writer in pipe:
                        writer.transport.abort()
            self.cut = cut


async def run(ways):
    served = {}
    for name, (near, far) in ways.items():
        served[name] = Way(far)
        await asyncio.start_server(served[name].serve, near[0], near[1])
    loop, control = asyncio.get_running_loop(), asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(control), sys.stdin)
    print("relaying", flush=True)
    while line := await control.readline():
        change = json.loads(line)
        served[change.pop("name")].change(**change)
        print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(run(json.loads(sys.argv[1])))
