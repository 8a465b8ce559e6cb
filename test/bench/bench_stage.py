# SPDX-License-Identifier: BSD-2-Clause
"""Where rows are measured.

A group of rows is measured on one mount: its function takes a Stage and times
each of its rows, in this order. What prepares and what clears up is not timed.
"""

import collections
import contextlib
import os
import shutil
import subprocess
import tempfile
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

    source tells what to mount: (bkupfs, the others), kind which sides take
    part. What a row is may have {n}, for the number of its operations."""

    def __init__(self, function, source, kind, rows):
        self.function, self.source = function, source
        self.kind, self.rows = kind, rows
        self.name = function.__name__ if len(rows) > 1 else next(iter(rows))

    @contextlib.contextmanager
    def prepared(self, data, work, side):
        """The directory that a side is opened over, which is there already
        or, where there is no source, a new one."""
        if not self.source:
            with fresh(work) as path:
                yield path
            return
        backup, plain = self.source(data)
        yield backup if side == "bkupfs" else plain


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def fresh(work):
    """An empty directory. What was written before is on disk, and what is
    written to it as well at the end, so that it is in nobody's way."""
    os.sync()
    path = tempfile.mkdtemp(prefix="fresh.", dir=work)
    try:
        yield path
    finally:
        run("rm", "-rf", "--one-file-system", path)
        os.sync()


def spread(path):
    """Has ext4 put what is made in path far from each other: it takes long to
    find an inode where many were removed in the last minutes, and whoever
    comes second would have that to pay."""
    if shutil.which("chattr"):
        subprocess.run(["chattr", "+T", path], check=False,
                       capture_output=True)


def rsync(source, target):
    run("rsync", "-a", source + "/", target + "/")
