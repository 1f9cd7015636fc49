"""The steps of migrations as they are reached: triggers of the test's own write them down in the directory and in the
app's databases, each with the transaction that reaches it, so that none is too short to be seen."""

import os
import re

from sessions import Lost, Refused, Session

SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Sources")

WATCH = """
CREATE TABLE IF NOT EXISTS {log} (place bigserial PRIMARY KEY, migration text, step text);
CREATE OR REPLACE FUNCTION {log}_note() RETURNS trigger LANGUAGE plpgsql AS $note$ BEGIN
    IF TG_OP = 'INSERT' OR OLD.{column} <> NEW.{column} THEN
        INSERT INTO {log} (migration, step) VALUES (NEW.{id}, NEW.{column});
    END IF;
    RETURN NEW;
END $note$;
CREATE OR REPLACE TRIGGER {log}_note AFTER INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {log}_note()
"""


def cases(file, enumeration):
    """The cases of an enumeration of the program's, in their order."""
    with open(os.path.join(SOURCES, file), encoding="utf-8") as source:
        body = source.read().partition(f"enum {enumeration}")[2].partition("{")[2]
    # Up to the first member that is not a case.
    body = re.split(r"\n *(?:package |private )?(?:var|func|init|static)\b|\n *}", body)[0]
    return [name for line in re.findall(r"^ *case ([a-zA-Z, ]+)$", body, re.M) for name in line.split(", ")]


PHASES = cases("TenantDirectory/Migrations/MigrationPhase.swift", "MigrationPhase")
STATES = cases("RealmMigration/Stores/StoreClaim.swift", "State")


class Journal:
    def __init__(self, fleet):
        self.fleet, self.sessions, self.seen = fleet, {}, {}
        for place in ("directory", *fleet.stores):
            server, database = self._server(place)
            self.sessions[place] = Session(server, database)
        self._watch("directory", table="migrations", column="phase", id="id", log="crash_phases")

    def _server(self, place):
        return (self.fleet.directory, "postgres") if place == "directory" else (self.fleet.stores[place], "app")

    def _watch(self, place, **names):
        self.run(place, WATCH.format(**names))

    def watch_stores(self):
        """As soon as the gateways' own tables are there."""
        for code in self.fleet.stores:
            self._watch(code, table="residency.tenant", column="state", id="migration", log="crash_states")

    def run(self, place, statement):
        """Asked until the server answers."""
        for left in reversed(range(200)):
            try:
                return self.sessions[place].run(statement)
            except Lost:
                if not left:
                    raise
        return []

    def try_run(self, place, statement):
        """`None` while the server does not answer."""
        try:
            return self.sessions[place].run(statement)
        except (Lost, Refused):
            return None

    def reached(self, place):
        """Steps that were reached in a place since this was asked last."""
        log = "crash_phases" if place == "directory" else "crash_states"
        after = self.seen.get(place, 0)
        rows = self.try_run(place, f"SELECT place, step FROM {log} WHERE place > {after} ORDER BY place")
        steps = []
        for row in rows or []:
            number, _, step = row.partition("|")
            self.seen[place] = int(number)
            steps.append(step)
        return steps

    def migration(self):
        """The newest migration: id, phase, over or not, purge due or not, node, reason."""
        rows = self.try_run(
            "directory",
            "SELECT id, phase, is_over, purge_at IS NOT NULL, coalesce(holder, ''), reason FROM migrations "
            "WHERE kind = 'move' ORDER BY created_at DESC LIMIT 1")
        if not rows:
            return None
        name, phase, is_over, purge, node, reason = rows[0].split("|", 5)
        return {"id": name, "phase": phase, "is_over": is_over == "1", "purge": purge == "t", "node": node,
                "reason": reason}

    def close(self):
        for session in self.sessions.values():
            session.close()
