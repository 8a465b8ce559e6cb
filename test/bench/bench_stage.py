# SPDX-License-Identifier: BSD-2-Clause
"""Where rows are measured.

A group of rows is measured on one mount: its function takes a Stage and times
each of its rows, in this order. What prepares and what clears up is not timed.
"""

import collections
import os
import subprocess
import time

# Seconds of mounting, KiB that are resident after a walk, those that it added,
# and the entries that it saw.
Mounted = collections.namedtuple("Mounted", "seconds resident added entries")


class Sample:
    """One row of one side in one round; of a side that does a share of the
    row, what all of it would have taken."""

    def __init__(self, seconds, before, after, share=1):
        self.seconds = seconds / share
        self.cpu = (after.cpu - before.cpu) / share
        self.switches = (after.switches - before.switches) / share


class Stage:
    """Where a group plays: a side that is mounted, and room for work."""

    def __init__(self, side, data, work, bench_io, wanted):
        self.side, self.data, self.work = side, data, work
        self.bench_io, self.wanted = bench_io, wanted
        self.counter = None  # called with a pid: counts within its block
        self.mounted = None
        self.samples, self.counts = {}, {}

    def seconds(self, verb, file, *args, names=""):
        """Runs bench_io, which times itself."""
        done = subprocess.run([self.bench_io, verb, file, *map(str, args)],
                              check=True, input=names.encode(),
                              stdout=subprocess.PIPE)
        return float(done.stdout or 0)

    def time(self, row, action, share=1):
        """Times a row, or counts, or only does it. An action may know its
        time."""
        if self.counter and row in self.wanted:
            with self.counter(self.side.pid) as self.counts[row]:
                action()
            return
        before = self.side.usage()
        start = time.perf_counter()
        seconds = action()
        if seconds is None:
            seconds = time.perf_counter() - start
        if row in self.wanted:
            self.samples[row] = Sample(seconds, before, self.side.usage(),
                                       share)

    def drop(self, *files):
        for file in files:
            self.seconds("drop", file)

    def large(self):
        """The large stream, as this side shows it."""
        name = self.at("large")
        return os.path.join(name, "data") if self.side.name == "bkupfs" \
            else name

    def below(self):
        """The file that the large stream is read from."""
        return self.side.image or self.data.large

    def at(self, *names):
        return os.path.join(self.side.root, *names)


class Group:
    """Rows {name: (what it is, operations, their unit)} on one mount.

    source tells what to mount: (native and peers, bkupfs), kind which sides
    take part. What a row is may have {n}, for the number of its operations."""

    def __init__(self, function, source, kind, rows):
        self.function, self.source = function, source
        self.kind, self.rows = kind, rows
        self.name = function.__name__

    def prepare(self, data, work, side):
        """The directory that a side is opened over, made or found."""
        backup, plain = self.source(data, work)
        path = backup if side == "bkupfs" else plain
        if path == os.path.join(work, "in"):
            clear(path)
            os.mkdir(path)
        return path

    def finish(self, work):
        clear(os.path.join(work, "in"))


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def clear(path):
    """rm -rf, and what was written is on disk, not in the next row's way."""
    if os.path.lexists(path):
        run("rm", "-rf", path)
    os.sync()


def rsync(source, target):
    run("rsync", "-a", source + "/", target + "/")
