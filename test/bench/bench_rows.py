# SPDX-License-Identifier: BSD-2-Clause
"""The rows of the table.

A group of rows is measured on one mount: its function takes a Stage and times
each of its rows, in this order. What prepares and what clears up is not timed.
"""

import os
import shutil
import subprocess
import time

RANDOM_READS = 100_000


class Sample:
    """One row of one side in one round."""

    def __init__(self, seconds, before, after):
        self.seconds = seconds
        self.cpu = after.cpu - before.cpu
        self.switches = after.switches - before.switches


class Stage:
    """Where a group plays: a side that is mounted, and room for work."""

    def __init__(self, side, data, work, bench_io, wanted):
        self.side, self.data, self.work = side, data, work
        self.bench_io, self.wanted = bench_io, wanted
        self.counter = None  # called with a pid: counts within its block
        self.samples, self.counts = {}, {}

    def seconds(self, verb, file, *args):
        """Runs bench_io, which times itself."""
        done = subprocess.run([self.bench_io, verb, file, *map(str, args)],
                              check=True, stdout=subprocess.PIPE)
        return float(done.stdout or 0)

    def time(self, row, action):
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
            self.samples[row] = Sample(seconds, before, self.side.usage())

    def drop(self, *files):
        for file in files:
            self.seconds("drop", file)

    def large(self):
        """The large stream, as this side shows it."""
        name = os.path.join(self.side.root, "large")
        return os.path.join(name, "data") if self.side.name == "bkupfs" \
            else name


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def entries(path):
    return sum(1 + len(files) for _, _, files in os.walk(path))


def clear(path):
    """rm -rf, and what was written is on disk, not in the next row's way."""
    if os.path.lexists(path):
        run("rm", "-rf", path)
    os.sync()


def sequential(stage):
    file, below = stage.large(), stage.data.large
    stage.drop(file, below)
    stage.time("read-cold", lambda: stage.seconds("read", file))
    stage.seconds("read", below)
    if file != below:
        stage.drop(file)
    stage.time("read-first", lambda: stage.seconds("read", file))
    stage.time("read-second", lambda: stage.seconds("read", file))


def random(stage):
    file, below = stage.large(), stage.data.large
    stage.seconds("read", below)
    if file != below:
        stage.drop(file)
    for row in ("random-first", "random-second"):
        stage.time(row, lambda: stage.seconds("random", file,
                                              _reads(stage.data)))


def walk(stage):
    for row in ("walk-first", "walk-second"):
        stage.time(row, lambda: run("find", stage.side.root,
                                    "-printf", "%s %T@\n"))


def rsync_out(stage):
    target = os.path.join(stage.work, "out")
    clear(target)
    stage.time("rsync-out", lambda: run("rsync", "-a", stage.side.root + "/",
                                        target + "/"))
    check_entries(stage, target)
    clear(target)


def rsync_in(stage):
    os.sync()
    stage.time("rsync-in", lambda: run("rsync", "-a", stage.data.plain + "/",
                                       stage.side.root + "/"))
    check_entries(stage, stage.side.root)


def check_entries(stage, path):
    found = entries(path)
    if found != stage.data.entries:
        raise RuntimeError(f"{stage.side.name}: {found} entries in '{path}' "
                           f"instead of {stage.data.entries}")


class Group:
    """Rows {name: (what it is, operations, their unit)} on one mount.

    source tells what to mount: (native and peers, bkupfs)."""

    def __init__(self, function, source, rows):
        self.function, self.source, self.rows = function, source, rows

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


def _large(data, _):
    return data.large_dir, data.large_dir


def _small(data, _):
    return data.backup, data.plain


def _empty(_, work):
    return (os.path.join(work, "in"),) * 2


def _mib(data):
    return data.bytes >> 20


def _reads(data):
    """So many at scale 1."""
    return max(RANDOM_READS * data.bytes >> 30, 100)


def _entries(data):
    return data.entries


def _objects(data):
    return data.objects


GROUPS = (
    Group(sequential, _large, {
        "read-cold": ("sequential read, nothing cached", _mib, "MiB"),
        "read-first": ("sequential read, cached below", _mib, "MiB"),
        "read-second": ("sequential read, cached", _mib, "MiB")}),
    Group(random, _large, {
        "random-first": ("random 4 KiB reads, cached below", _reads, "read"),
        "random-second": ("random 4 KiB reads, again", _reads, "read")}),
    Group(walk, _small, {
        "walk-first": ("walk with stat, fresh mount", _entries, "entry"),
        "walk-second": ("walk with stat, again", _entries, "entry")}),
    Group(rsync_out, _small, {
        "rsync-out": ("rsync -a to a plain directory", _objects, "object")}),
    Group(rsync_in, _empty, {
        "rsync-in": ("rsync -a of the plain tree", _objects, "object")}),
)

ROWS = {name: row for group in GROUPS for name, row in group.rows.items()}


def missing(group):
    """Why a group cannot run, or None."""
    program = {walk: "find", rsync_out: "rsync",
               rsync_in: "rsync"}.get(group.function)
    if program and not shutil.which(program):
        return f"{program} is not installed"
    return None
