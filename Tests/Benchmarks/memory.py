"""What the gateway keeps in memory, and how soon it serves: tenants, idle connections, large bodies."""
import resource
import socket
import statistics
import time

from doubles import BLOCK, BodyServer
import tokens

IDLE_CONNECTIONS = 5_000
BODY_BYTES = 1024 * 1024 * 1024


def measure(gateway, workload, options, progress):
    """Name of each bar: (figure, bound, unit)."""
    raise_open_files()
    figures = {}
    progress("starting three times")
    starts = []
    for _ in range(3):
        process, seconds = gateway.start()
        starts.append(seconds)
        process.stop()
    figures[f"start to serving with {options.tenants} tenants"] = (statistics.median(starts), 1.0, " s")

    process, _ = gateway.start()
    try:
        progress(f"one call of each of {options.tenants} tenants")
        call_every_tenant(process, workload)
        figures[f"{options.tenants} tenants, each called once: resident"] = (process.resident_mb(), 150, " MB")
        progress(f"{IDLE_CONNECTIONS} idle connections")
        before = process.resident_mb()
        connections = open_idle(process, workload.api_url(workload.tenants[0]))
        figures[f"{IDLE_CONNECTIONS} idle keep-alive connections: more"] = (process.resident_mb() - before, 150, " MB")
        for connection in connections:
            connection.close()
    finally:
        process.stop()
    figures.update(measure_bodies(gateway, workload, progress))
    return figures


def measure_bodies(gateway, workload, progress):
    """A body of 1 GiB each way, through a gateway before an app instance that gives and takes them."""
    bodies = BodyServer(BODY_BYTES)
    gateway.configure({"EU": bodies.port, "US": bodies.port})
    process, _ = gateway.start()
    figures = {}
    try:
        stream(process, workload, "GET", 0)
        for method, what in (("GET", "down"), ("POST", "up")):
            progress(f"a body of 1 GiB {what}")
            before = process.resident_mb()
            process.reset_peak()
            started = time.monotonic()
            stream(process, workload, method, BODY_BYTES if method == "POST" else 0)
            rate = BODY_BYTES / (time.monotonic() - started) / 1e6
            figures[f"a body of 1 GiB {what} ({rate:.0f} MB/s): more"] = (process.peak_mb() - before, 20, " MB")
    finally:
        process.stop()
    return figures


def raise_open_files():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 20_000 if most == resource.RLIM_INFINITY else min(20_000, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def request_bytes(method, target, length=0):
    body = f"Content-Length: {length}\r\n" if method != "GET" else ""
    return f"{method} {target} HTTP/1.1\r\nHost: eu.localhost\r\n{body}\r\n".encode()


def connect(process):
    return socket.create_connection(("127.0.0.1", process.port), 30)


def read_response(connection):
    """Reads one response with a `Content-Length` to its end; the status, and how many bytes the body had."""
    data = b""
    while b"\r\n\r\n" not in data:
        received = connection.recv(65_536)
        if not received:
            raise SystemExit("the gateway closed a connection before it answered")
        data += received
    head, body = data.split(b"\r\n\r\n", 1)
    status = int(head.split(b" ", 2)[1])
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n")
                  if line.lower().startswith(b"content-length:"))
    left, buffer = length - len(body), bytearray(BLOCK)
    while left > 0:
        count = connection.recv_into(buffer, min(left, BLOCK))
        if not count:
            raise SystemExit("the gateway cut a body")
        left -= count
    return status, length


def call_every_tenant(process, workload):
    """One call of each, one after the other down one connection."""
    with connect(process) as connection:
        for tenant in workload.tenants:
            connection.sendall(request_bytes("GET", workload.api_url(tenant)))
            status, _ = read_response(connection)
            if status != 200:
                raise SystemExit(f"tenant {tenant[0]} got {status}")


def open_idle(process, url):
    """Connections that each had one answer and now wait."""
    connections = []
    for _ in range(IDLE_CONNECTIONS):
        connection = connect(process)
        connection.sendall(request_bytes("GET", url))
        if read_response(connection)[0] != 200:
            raise SystemExit("a call was refused while connections were opened")
        connections.append(connection)
    return connections


def stream(process, workload, method, length):
    number, key, secret, _ = workload.tenants[0]
    token = tokens.host_token(key, secret, method, "/body", [], workload.now)
    block = bytes(BLOCK)
    with connect(process) as connection:
        connection.sendall(request_bytes(method, f"/body?jwt={token}", length))
        for start in range(0, length, BLOCK):
            connection.sendall(block[:min(BLOCK, length - start)])
        status, _ = read_response(connection)
        if status != 200:
            raise SystemExit(f"{method} of a large body got {status}")
