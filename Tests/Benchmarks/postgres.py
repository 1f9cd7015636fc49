"""A PostgreSQL of a script's own, in a folder, on a free port of this machine."""

import glob
import os
import shutil
import signal
import socket
import subprocess
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """Made and started by its making; `stop` and `start` as often as one likes.

    With a certificate (the files of chain and key) it speaks TLS, too. `settings` are such as `wal_level=logical`.
    """

    def __init__(self, folder, user="bench", certificate=None, settings=()):
        self.binaries = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        self.folder, self.port, self.user = folder, free_port(), user
        self.environment = {
            **os.environ, "PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": user, "PGDATABASE": "postgres"}
        as_owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"]
        self.owner = as_owner if os.getuid() == 0 else []
        os.makedirs(folder, exist_ok=True)
        if self.owner:
            shutil.chown(folder, "postgres")
        self._owned("initdb", "-D", f"{folder}/data", "-U", user, "--auth", "trust", "--no-sync")
        self.options = f"-p {self.port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self.options += "".join(f" -c {setting}" for setting in settings)
        if certificate:
            self._use_tls(*certificate)
        self.start()

    @property
    def url(self):
        return self.url_of("postgres")

    def url_of(self, database):
        return f"postgresql://{self.user}@127.0.0.1:{self.port}/{database}?sslmode=disable"

    def create(self, database):
        """A database, by its URL."""
        self.run("psql", "-q", "-c", f"CREATE DATABASE {database}")
        return self.url_of(database)

    def rows(self, database, statement):
        """What a statement selects, a line a row."""
        return self.run("psql", "-X", "-A", "-t", "-q", "-d", database, "-c", statement).splitlines()

    def start(self):
        self._owned("pg_ctl", "-D", f"{self.folder}/data", "-w", "-o", self.options, "-l", f"{self.folder}/log", "start")

    def stop(self):
        self._owned("pg_ctl", "-D", f"{self.folder}/data", "-w", "-m", "fast", "stop")

    def kill(self):
        """Ends the server at once, as a crash does."""
        with open(f"{self.folder}/data/postmaster.pid", encoding="utf-8") as file:
            os.kill(int(file.readline()), signal.SIGKILL)

    def start_again(self):
        """After a crash: the processes of a server that was killed go a moment later than it, and keep a new one from
        starting."""
        for left in reversed(range(60)):
            try:
                return self.start()
            except subprocess.CalledProcessError:
                if not left:
                    raise
                time.sleep(0.2)

    def run(self, program, *arguments, **environment):
        """Runs a client of PostgreSQL's to its end, and gives what it says."""
        command = [f"{self.binaries}/{program}", *arguments]
        result = subprocess.run(
            command, check=True, text=True, capture_output=True, env={**self.environment, **environment})
        return result.stdout

    def _use_tls(self, chain, key):
        """The server wants both files for itself."""
        for source, name in ((chain, "server.crt"), (key, "server.key")):
            target = shutil.copy(source, f"{self.folder}/data/{name}")
            os.chmod(target, 0o600)
            if self.owner:
                shutil.chown(target, "postgres", "postgres")
        self.options += " -c ssl=on"

    def _owned(self, program, *arguments):
        command = self.owner + [f"{self.binaries}/{program}", *arguments]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
