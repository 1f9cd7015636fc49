"""What clients and jobs were told is written, and whether a store agrees.

Every note is called by a key and has a version, `key|version` being its text. What was acknowledged is there; what was
refused is not; what nobody was told of may be there, once.
"""

import threading


class Book:
    def __init__(self):
        self.lock = threading.Lock()
        # By key: the versions that may be there, `None` being that it is not.
        self.allowed = {}
        # By key, of first versions: when the write began, and when it was acknowledged.
        self.times = {}
        self.acknowledged = 0

    def begin(self, key, version, at):
        """Somebody is about to write it; `None` deletes."""
        with self.lock:
            self.allowed.setdefault(key, {None}).add(version)
            self.times.setdefault(key, [at, None])

    def acknowledge(self, key, version, at):
        with self.lock:
            self.allowed[key] = {version}
            self.acknowledged += 1
            if self.times[key][1] is None:
                self.times[key][1] = at

    def refuse(self, key, version):
        """It is known not to have been written."""
        with self.lock:
            self.allowed[key].discard(version)

    def prefill(self, keys):
        for key in keys:
            self.allowed[key] = {"1"}

    def audit(self, texts):
        """What is wrong with the notes of a store: lost, doubled, of a version that was overwritten, or unheard of."""
        faults, there = [], {}
        for text in texts:
            key, _, version = text.rpartition("|")
            if key in there:
                faults.append(f"doubled: {key}")
            there[key] = version
        with self.lock:
            for key, allowed in self.allowed.items():
                if there.get(key) not in allowed:
                    found = "lost" if key not in there else f"is version {there[key]}"
                    wanted = " or ".join(str(version) for version in sorted(allowed, key=str))
                    faults.append(f"{found}: {key}, which is version {wanted}")
            faults += [f"unheard of: {key}" for key in there if key not in self.allowed]
        return faults

    def stale(self, texts, began):
        """A note that was acknowledged before a read began and is not in what it has brought, where one is that is
        older for certain; empty where all is well. `texts` are the newest notes, in whatever order."""
        keys = {text.rpartition("|")[0] for text in texts}
        with self.lock:
            known = [self.times[key][1] for key in keys if key in self.times and self.times[key][1] is not None]
            oldest = min(known) if len(keys) >= 20 and known else None
            # A full list without any that was acknowledged says nothing.
            if len(keys) >= 20 and oldest is None:
                return ""
            # The newest come last; what is older than so many need not be looked at.
            for key in reversed(list(self.times)[-400:]):
                written, acknowledged = self.times[key]
                if acknowledged is None or acknowledged >= began or key in keys or None in self.allowed[key]:
                    continue
                if oldest is None or oldest < written:
                    return key
        return ""
