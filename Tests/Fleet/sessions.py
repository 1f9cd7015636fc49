"""A session of PostgreSQL's that is kept open: psql, asked by its standard input."""

import subprocess


class Lost(Exception):
    """The connection is gone: what was asked last may have been done, or not."""


class Refused(Exception):
    """The server has refused a statement."""

    def __init__(self, text):
        super().__init__(text)
        self.state = text.partition("ERROR:  ")[2][:5]


class Session:
    """Opened by the first question, and again by the first after it was lost."""

    MARK = "=== answered ==="

    def __init__(self, server, database):
        self.server, self.database, self.process = server, database, None

    def run(self, statements):
        """What the statements give, a line a row.

        Throws `Refused` after the last one where any was refused; those that follow in a script run all the same,
        as in a transaction that has failed.
        """
        lines, error = [], None
        try:
            if not self.process:
                self._open()
            self.process.stdin.write(f"{statements};\n\\echo '{self.MARK}'\n")
            self.process.stdin.flush()
            while (line := self.process.stdout.readline().rstrip("\n")) != self.MARK:
                if not line and self.process.poll() is not None:
                    raise OSError("psql has ended")
                if "FATAL:" in line or "server closed the connection" in line or "connection to server" in line:
                    raise OSError(line)
                if "ERROR:  " in line:
                    error = error or line
                else:
                    lines.append(line)
        except OSError as lost:
            self.close()
            raise Lost(str(lost)) from lost
        if error:
            raise Refused(error)
        return [line for line in lines if not line.startswith(("LOCATION:", "HINT:", "CONTEXT:", "DETAIL:", "psql:"))]

    def value(self, statement):
        rows = self.run(statement)
        return rows[0] if rows else None

    def _open(self):
        self.process = subprocess.Popen(
            [f"{self.server.binaries}/psql", "-X", "-A", "-t", "-q", "-v", "VERBOSITY=verbose", "-d", self.database],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**self.server.environment, "PGCONNECT_TIMEOUT": "5"})

    def close(self):
        if not self.process:
            return
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            try:
                pipe.close()
            except OSError:
                pass
        self.process = None
