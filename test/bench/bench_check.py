# SPDX-License-Identifier: BSD-2-Clause
"""How fast `bkup check` is, held against cat of the same files."""

import os
import shutil
import statistics
import subprocess
import time

from bench_sides import missing_program

# What is checked, and how.
ROWS = {
    "check-large": ("bkup check of the large file, whose headers it reads",
                    "large", ()),
    "check-large-digest": ("the same with --digest, which reads all of it",
                           "large", ("--digest",)),
    "check-small": ("bkup check of {n} small files", "small", ()),
    "check-small-digest": ("the same with --digest", "small", ("--digest",)),
}


def seconds(*command):
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


class Checks:
    """Each row is a list with (seconds of bkup, of cat) of each round."""

    def __init__(self, data, rows, daemon):
        self.data, self.rows = data, rows
        built = os.path.join(os.path.dirname(daemon), "..", "bkup", "bkup")
        self.bkup = built if os.access(built, os.X_OK) else \
            shutil.which("bkup")
        self.seconds = {row: [] for row in rows}

    def missing(self):
        """Why nothing of this can run, or None."""
        return missing_program("find") if self.bkup \
            else "no bkup beside the daemon"

    def round(self, turn):
        for row in self.rows:
            _, what, options = ROWS[row]
            path = self._path(what)
            commands = {
                "bkup": (self.bkup, "check", *options, path),
                "cat": ("find", path, "-type", "f", "-exec", "cat", "{}", "+")}
            seconds(*commands["cat"])
            found = {name: seconds(*commands[name])
                     for name in sorted(commands, reverse=turn % 2)}
            self.seconds[row].append((found["bkup"], found["cat"]))

    def _path(self, what):
        return self.data.large if what == "large" else self.data.backup

    def bytes(self, row):
        return self.data.bytes if ROWS[row][1] == "large" \
            else self.data.small_bytes

    def rates(self, row):
        """The medians, in bytes a second."""
        return [self.bytes(row) / statistics.median(found)
                for found in zip(*self.seconds[row])]

    def ratios(self, row):
        """Speeds, round by round: 1 is as fast as cat."""
        return [cat / own for own, cat in self.seconds[row]]

    def about(self, row):
        return ROWS[row][0].format(n=f"{self.data.objects:,}")

    def as_json(self):
        return {row: {"about": self.about(row), "bytes": self.bytes(row),
                      "seconds": pairs, "ratios": self.ratios(row)}
                for row, pairs in self.seconds.items()}
