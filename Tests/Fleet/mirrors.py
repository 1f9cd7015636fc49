"""What the gateways of a fleet hold of the directory: their mirrors, read beside them."""

import sqlite3


class Mirrors:
    """The mirror of each running gateway, opened for reading."""

    def __init__(self, fleet):
        self.files = {
            name: sqlite3.connect(f"file:{fleet.path(name + '.mirror')}?mode=ro", uri=True, isolation_level=None)
            for name in fleet.nodes}

    def applied(self, name):
        """The number of the last change that a gateway has applied and has on disk."""
        return self.files[name].execute("SELECT position_seq FROM mirror").fetchone()[0]

    def changes(self, name, after):
        """Number and time (milliseconds since 1970, by the clock of who made it) of changes."""
        return self.files[name].execute(
            "SELECT seq, at FROM feed_history WHERE seq > ? ORDER BY seq", (after,)).fetchall()

    def close(self):
        for file in self.files.values():
            file.close()


def last_change(fleet):
    """The number of the directory's last change."""
    return int(fleet.directory.run("psql", "-X", "-A", "-t", "-q", "-c", "SELECT seq FROM feed_counter"))
