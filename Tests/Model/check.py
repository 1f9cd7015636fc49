#!/usr/bin/env python3
"""Checks the models of the cutover (cutover.pml) and of a move's data (move.pml) with spin: as it is built, and with each
known mistake sown in.

Fails when the protocol breaks a property, and when a mistake is not found: a model that cannot fail says nothing.
Every run is bounded in memory; two run at a time. Usage: check.py [NAME ...], to run only the variants
with all of these names.
"""
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

FOLDER = os.path.dirname(os.path.abspath(__file__))
CUTOVER, MOVE = "cutover.pml", "move.pml"
MEGABYTES = 1000
ATOMIC_READS = "CHECK_ADMIT NEVER_PASS_OVER"

# What is built, each with what it lets happen; a run with CLIENT_GONE explores all that the same one without it does.
SOUND = [
    "CLIENT_GONE",
    "STORE_DECIDES CLIENT_GONE",
    "NO_WALL3 NEVER_PASS_OVER CALM",
    ATOMIC_READS,
    ATOMIC_READS + " STORE_DECIDES",
    ATOMIC_READS + " FIRST_TRY_LOST",
    ATOMIC_READS + " FIRST_TRY_LOST STORE_DECIDES",
]
WRITE = {"noWriteAfterSwitch", "nothingBehindPosition"}
REFUSAL = {"noNeedlessRefusal"}
ADMISSION = {"noAdmissionAfterSwitch"}

# Mistakes, and which properties each of them breaks.
MISTAKES = [
    ("FENCE_WITHOUT_EPOCH", REFUSAL),
    ("FENCE_WITHOUT_EPOCH STORE_DECIDES", REFUSAL),
    ("FENCE_WITHOUT_DRAIN", WRITE),
    ("POSITION_BEFORE_FENCE", WRITE),
    ("GIVEUP_DIRECTORY_FIRST", REFUSAL),
    ("GIVEUP_WITHOUT_LEASE", WRITE),
    # Without the fence the barrier alone does not do: a crash, a client that leaves, a stop that cuts, a silent node.
    ("NO_WALL3 NEVER_PASS_OVER ONE_CRASH", WRITE),
    ("NO_WALL3 NEVER_PASS_OVER CALM CLIENT_GONE", WRITE),
    ("NO_WALL3 NEVER_PASS_OVER SIGTERM_DEADLINE ONE_CRASH", WRITE),
    ("NO_WALL3 NEVER_PASS_OVER CALM REGION_LEAVES_EARLY", WRITE),
    ("NO_WALL3 ONE_CUT", WRITE),
    # Silent nodes are passed over: what `passOverSilent` says of reads.
    ("CHECK_ADMIT", ADMISSION),
    (ATOMIC_READS + " STOP_REMOVES_ROW", ADMISSION),
    (ATOMIC_READS + " ACK_BEFORE_MIRROR", ADMISSION),
    (ATOMIC_READS + " READ_THEN_REGISTER", ADMISSION),
    (ATOMIC_READS + " LIST_THEN_HOLD", ADMISSION),
    (ATOMIC_READS + " SAME_NODE_ID", ADMISSION),
    (ATOMIC_READS + " FIRST_TRY_LOST EPOCH_REUSED", ADMISSION),
]

# The same for move.pml.
MOVE_MISTAKES = [
    # The lease is asked for in the directory, and the stores do not know it (amendments H1, H35).
    ("GENERATION_NOT_WRITTEN", {"onlyArrivingApplies", "nothingIsLost", "lastCopyStays"}),
    ("BATCH_IGNORES_STATE", {"onlyArrivingApplies"}),
    ("CLEAN_UP_IGNORES_ROW", {"lastCopyStays"}),
    ("TARGET_UNFENCED", {"noDifferenceSwitches"}),
    ("VERIFY_SKIPPED", {"noDifferenceSwitches"}),
    ("FENCE_WITHOUT_DRAIN", {"nothingIsLost", "oneSideWrites"}),
    ("MARKER_BEFORE_FENCE", {"nothingIsLost"}),
    # Who decides, and who is told (H14).
    ("TAKEOVER_IGNORES_DECISION", {"nothingIsLost", "oneSideWrites", "lastCopyStays"}),
    ("GIVE_UP_IGNORES_DECISION", {"nothingIsLost", "oneSideWrites", "lastCopyStays"}),
    ("NODE_IGNORES_DECISION", {"oneSideWrites"}),
    ("RELEASE_WITHOUT_HOLD", {"lastCopyStays", "openBeforeSwitch"}),
    ("SWITCH_BEFORE_OPEN", {"openBeforeSwitch"}),
    ("PURGE_BEFORE_COMMIT", {"lastCopyStays"}),
    # The target is sealed before the decision (H34); a purge says so in the row, which a return asks for (H36).
    ("NO_SEAL", {"oneSideWrites", "nothingIsLost"}),
    ("PURGE_IN_MOVED", {"lastCopyStays"}),
    # One of several stores decides (H30).
    ("TWO_STORES FOLLOWER ONE_WAY", {"storesAgree"}),
]
# What is built: with a return, and with a second store.
MOVE_SOUND = ["", "FOLLOWER ONE_WAY"]


def explore(model, names):
    """Runs one variant. Returns (the property that is broken or None, states, a complaint or None)."""
    with tempfile.TemporaryDirectory() as folder:
        defines = ["-D" + name for name in names.split()]
        made = subprocess.run(["spin", "-a", *defines, os.path.join(FOLDER, model)], cwd=folder, capture_output=True, text=True)
        if made.returncode != 0 or "Error" in made.stdout:
            return None, 0, "spin does not read the model: " + made.stdout + made.stderr
        flags = ["-w", "-O2", "-DSAFETY", "-DCOLLAPSE", f"-DMEMLIM={MEGABYTES}"]
        built = subprocess.run(["gcc", *flags, "-o", "pan", "pan.c"], cwd=folder, capture_output=True, text=True)
        if built.returncode != 0:
            return None, 0, "gcc does not build the verifier: " + built.stderr
        out = subprocess.run(["./pan", "-m10000", "-E"], cwd=folder, capture_output=True, text=True).stdout
    states = re.search(r"(\d[\d.e+]*) states, stored", out)
    count = int(float(states.group(1))) if states else 0
    if broken := re.search(r"assertion violated \(?(\w+)", out):
        return broken.group(1), count, None
    if "errors: 0" not in out or "max search depth too small" in out or "Search not completed" in out:
        return None, count, "the search was not finished:\n" + out
    return None, count, None


def report(model, names, expected):
    broken, states, complaint = explore(model, names)
    title = f"{model[:-4]} {names}".rstrip()
    if complaint:
        return False, f"FAILED  {title}: {complaint}"
    if not expected:
        ok = broken is None
        return ok, f"{'sound ' if ok else 'FAILED'}  {title}: {broken or 'nothing broken'} ({states:,} states)"
    ok = broken in expected
    return ok, f"{'found ' if ok else 'FAILED'}  {title}: {broken or 'the mistake was NOT found'} ({states:,} states)"


def main():
    wanted = set(sys.argv[1:])
    runs = [(CUTOVER, names, set()) for names in SOUND] + [(CUTOVER, *mistake) for mistake in MISTAKES]
    runs += [(MOVE, names, set()) for names in MOVE_SOUND] + [(MOVE, *mistake) for mistake in MOVE_MISTAKES]
    runs = [run for run in runs if not wanted or wanted <= set(run[1].split())]
    failed = 0
    with ThreadPoolExecutor(2) as pool:
        for ok, line in pool.map(lambda run: report(*run), runs):
            print(line, flush=True)
            failed += not ok
    print(f"The models of cutover and move: {len(runs)} runs, {failed} failed.")
    return 1 if failed or not runs else 0


sys.exit(main())
