"""What the scripts of this folder print: headings, and lines that say whether something came as told."""

import os
import sys

COLOURS = {"EU": "44;97", "US": "41;97", "DE": "43;30"}
IS_TERMINAL = sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def paint(text, code):
    return f"\033[{code}m{text}\033[0m" if IS_TERMINAL else text


def region(code):
    return paint(f" {code} ", COLOURS[code]) if IS_TERMINAL and code in COLOURS else code


class Screen:
    """Counts what came otherwise than told."""

    def __init__(self):
        self.failures = 0

    def heading(self, text):
        print("\n" + paint(text, "1"), flush=True)

    def say(self, text):
        print("  " + text.strip().replace("\n", "\n  "), flush=True)

    def expect(self, what, good, instead=""):
        """A line, and what was wanted instead where it is not good."""
        self.failures += 0 if good else 1
        mark = paint("✓", "32") if good else paint("✗", "1;31")
        wanted = "" if good or not instead else paint(f"  {instead}", "1;31")
        print(f"  {mark} {what}{wanted}", flush=True)
        return good
