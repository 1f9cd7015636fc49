#!/usr/bin/env python3
"""How many changes a second the directory takes when a commit takes long, as over a distance.

Starts a PostgreSQL of its own and runs the statements of a change with pgbench: one tenant's row, the counter that all
changes take their numbers from, the audit. A deferred trigger sleeps at the commit, while the counter is locked, as a
commit does that waits for another place. Prints one line for each latency and number of writers.
"""

import argparse
import os
import re
import tempfile

from postgres import Server

SCHEMA = """
CREATE TABLE feed_counter (id BIGINT PRIMARY KEY, seq BIGINT NOT NULL);
INSERT INTO feed_counter VALUES (1, 0);
CREATE TABLE tenants (id BIGINT PRIMARY KEY, seq BIGINT NOT NULL);
INSERT INTO tenants SELECT number, 0 FROM generate_series(1, 100000) number;
CREATE TABLE audit (seq BIGINT PRIMARY KEY, detail TEXT);
CREATE FUNCTION wait_for_others() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_sleep(current_setting('test.commit')::float8 / 1000); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER wait_for_others AFTER UPDATE ON feed_counter
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait_for_others();
"""

CHANGE = r"""
\set tenant random(1, 100000)
BEGIN;
SELECT seq FROM tenants WHERE id = :tenant FOR UPDATE;
UPDATE feed_counter SET seq = seq + 1 WHERE id = 1 RETURNING seq \;
UPDATE tenants SET seq = (SELECT seq FROM feed_counter WHERE id = 1) WHERE id = :tenant \;
INSERT INTO audit SELECT seq, 'changed' FROM feed_counter \;
COMMIT;
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=10, help="for each line")
    parser.add_argument("--commit", type=int, nargs="*", default=[0, 5, 100], help="milliseconds of a commit")
    parser.add_argument("--writers", type=int, nargs="*", default=[1, 4, 16])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="residency-commits-") as folder:
        # Its server runs as another user where this runs as root.
        os.chmod(folder, 0o755)
        server = Server(f"{folder}/postgres")
        try:
            server.run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-c", SCHEMA)
            script = f"{folder}/change.sql"
            with open(script, "w", encoding="utf-8") as file:
                file.write(CHANGE)
            print("commit ms  writers  changes/s  a writer waits ms")
            for commit in options.commit:
                for writers in options.writers:
                    said = server.run(
                        "pgbench", "-n", "-f", script, "-c", str(writers), "-j", "2", "-T", str(options.seconds),
                        PGOPTIONS=f"-c test.commit={commit}")
                    rate = float(re.search(r"tps = ([0-9.]+)", said).group(1))
                    print(f"{commit:9}  {writers:7}  {rate:9.1f}  {1000 * writers / rate:17.1f}", flush=True)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
