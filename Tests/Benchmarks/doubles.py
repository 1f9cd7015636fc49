"""Servers of the benchmark's own: one that gives and takes large bodies, and one that serves a key set."""
import http.server
import json
import socket
import threading

BLOCK = 256 * 1024


class BodyServer(threading.Thread):
    """Answers GET with `size` bytes, and any other method once it has read the body; no byte is kept."""

    def __init__(self, size):
        super().__init__(daemon=True)
        self.size = size
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        buffer = bytearray(BLOCK)
        with connection:
            while True:
                head = b""
                while b"\r\n\r\n" not in head:
                    received = connection.recv(BLOCK)
                    if not received:
                        return
                    head += received
                head, body = head.split(b"\r\n\r\n", 1)
                left = self._length(head) - len(body)
                while left > 0:
                    count = connection.recv_into(buffer, min(left, BLOCK))
                    if not count:
                        return
                    left -= count
                size = self.size if head.startswith(b"GET ") else 0
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
                for start in range(0, size, BLOCK):
                    connection.sendall(buffer[:min(BLOCK, size - start)])

    @staticmethod
    def _length(head):
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                return int(line.split(b":")[1])
        return 0


def start_key_server(key_set):
    """The port of a server that answers every GET with the key set."""
    answer = json.dumps(key_set).encode()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]
