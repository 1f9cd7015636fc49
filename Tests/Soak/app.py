#!/usr/bin/env python3
"""An app instance that does what each request's X-Do asks of it, and says in each response whom it answered.

Every response carries the request's mark (X-Mark), the region of this instance, and the tenant the gateway named. A
body is made of the mark, so that a client sees at once whether it got another one's.
"""
import asyncio
import hashlib
import sys

LARGEST_HEAD = 64 * 1024


def body_of(mark, size):
    return (mark * (size // len(mark) + 1)).encode()[:size]


def fields_of(lines):
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}


class Instance:
    def __init__(self, region):
        self.region = region

    async def serve(self, reader, writer):
        try:
            while await self.answer(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def answer(self, reader, writer):
        """One exchange; false when the connection is at its end."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = head.split("\r\n")
        method = lines[0].split(" ")[0]
        fields = fields_of(lines[1:])
        mark, what = fields.get("x-mark", "none"), fields.get("x-do", "length 10").split()
        about = (f"X-Mark: {mark}\r\nX-App-Region: {self.region}\r\n"
                 f"X-Saw-Region: {fields.get('x-residency-region')}\r\n"
                 f"X-Saw-Tenant: {fields.get('x-residency-tenant', '-')}\r\n")
        if what[0] == "tunnel":
            return await self.tunnel(reader, writer, about)
        if what[0] != "early":
            if "100-continue" in fields.get("expect", "").lower():
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            about += await self.read_body(reader, fields)
        size = int(what[1]) if len(what) > 1 else 0
        await self.respond(writer, what[0], method, about, b"" if method == "HEAD" else body_of(mark, size), size)
        if what[0] == "early":
            await self.read_body(reader, fields)
        return what[0] not in ("close", "die")

    async def read_body(self, reader, fields):
        digest, total = hashlib.sha256(), 0
        if "chunked" in fields.get("transfer-encoding", "").lower():
            while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
                digest.update(await reader.readexactly(size))
                total += size
                await reader.readexactly(2)
            while await reader.readuntil(b"\r\n") != b"\r\n":
                pass
        else:
            left = int(fields.get("content-length", 0))
            while left > 0:
                part = await reader.read(min(left, 256 * 1024))
                if not part:
                    raise ConnectionError("the body was cut")
                digest.update(part)
                total, left = total + len(part), left - len(part)
        return f"X-Body-Length: {total}\r\nX-Body-Digest: {digest.hexdigest()}\r\n"

    async def respond(self, writer, kind, method, about, body, size):
        if kind in ("204", "304"):
            writer.write(f"HTTP/1.1 {kind} Nothing\r\n{about}\r\n".encode())
        elif kind == "chunked":
            writer.write(f"HTTP/1.1 200 OK\r\n{about}Transfer-Encoding: chunked\r\n\r\n".encode())
            if method != "HEAD":
                for start in range(0, len(body), 50_000):
                    part = body[start:start + 50_000]
                    writer.write(b"%x\r\n%b\r\n" % (len(part), part))
                    await writer.drain()
                writer.write(b"0\r\n\r\n")
        elif kind == "close":
            writer.write(f"HTTP/1.1 200 OK\r\n{about}Connection: close\r\n\r\n".encode() + body)
        else:
            writer.write(f"HTTP/1.1 200 OK\r\n{about}Content-Length: {size}\r\n\r\n".encode())
            if kind == "die":
                writer.write(body[:size // 2])
            elif kind == "slow":
                for start in range(0, len(body), max(1, size // 10)):
                    writer.write(body[start:start + max(1, size // 10)])
                    await writer.drain()
                    await asyncio.sleep(0.01)
            else:
                writer.write(body)
        await writer.drain()

    async def tunnel(self, reader, writer, about):
        writer.write(f"HTTP/1.1 101 Switching Protocols\r\n{about}Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
                     .encode())
        while data := await reader.read(64 * 1024):
            writer.write(data)
            await writer.drain()
        return False


async def main(region, port):
    server = await asyncio.start_server(Instance(region).serve, "127.0.0.1", int(port), limit=LARGEST_HEAD,
                                        backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
