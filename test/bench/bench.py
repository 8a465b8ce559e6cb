#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""How fast is a mount, compared with the filesystem below?

Every round measures each row natively, through bkupfs and, where it is
installed, through bindfs, one after the other over the same bytes; the table
has the medians of the rounds' ratios, and their spread. A ratio is one of
speeds: 1 is as fast as native, 0.5 takes twice the time.
"""

import argparse
import contextlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True

import bench_commits
import bench_count
import bench_report
import bench_rows
from bench_data import MARK, Data
from bench_sides import Bindfs, Bkupfs, Native

SKIPPED = 77
HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(HERE, "..", "..", "build", "release")
# Counting slows a daemon down so much that a part of the data must do.
COUNTED_PART = 0.05
# A run that nobody told how often to measure begins no round that would end
# later: seconds.
PATIENCE = 540
ROUNDS = 3


def options():
    groups = [group.function.__name__ for group in bench_rows.GROUPS
              if len(group.rows) > 1] + ["commits"]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter,
        epilog="rows:\n" + "\n".join(
            f"  {name:18} {row[0]}" for name, row in bench_rows.ROWS.items())
        + "\n" + "\n".join(
            f"  {name:18} {about.replace('%s', '4 GiB')}"
            for name, about in bench_commits.ROWS.items())
        + "\nand, for several, " + ", ".join(groups))
    parser.add_argument("--rounds", type=int, default=None, metavar="N",
                        help="measure so many times (default: 3, or less\n"
                        "where that would take more than 9 minutes)")
    parser.add_argument("--scale", type=float, default=1, metavar="X",
                        help="sizes: at 1, the default, 1 GiB in a stream,\n"
                        "20,000 objects, and 4 GiB beside which is committed")
    parser.add_argument("--only", action="append", metavar="ROW",
                        choices=list(bench_rows.ROWS) + list(
                            bench_commits.ROWS) + groups,
                        help="only that row (may be repeated)")
    parser.add_argument("--json", metavar="FILE",
                        help="write the figures of every round there, too")
    parser.add_argument("--count", action="store_true",
                        help="count FUSE requests and system calls as well")
    parser.add_argument("--dir", metavar="DIR",
                        help="make the data in DIR (default: $TMPDIR, /tmp)")
    parser.add_argument("--keep", action="store_true",
                        help="leave the data there, and say where")
    parser.add_argument("--source", metavar="DIR",
                        help="use the data that an earlier run has kept")
    parser.add_argument("-o", dest="mount_options", metavar="OPTIONS",
                        help="mount bkupfs with these options")
    parser.add_argument("--bkupfs", metavar="FILE",
                        default=os.environ.get("BKUPFS") or os.path.join(
                            BUILD, "src", "bkupfs", "bkupfs"),
                        help="the daemon (default: $BKUPFS, build/release)")
    parser.add_argument("--bench-io", metavar="FILE",
                        default=os.environ.get("BENCH_IO"),
                        help="the helper (default: $BENCH_IO, that of the\n"
                        "daemon's build, or one that is built now)")
    args = parser.parse_args()
    args.patience = PATIENCE if args.rounds is None else None
    if args.rounds is None:
        args.rounds = ROUNDS
    if args.rounds < 1 or args.scale <= 0:
        parser.error("there is nothing to measure")
    args.bkupfs = os.path.abspath(args.bkupfs)
    if not os.access(args.bkupfs, os.X_OK):
        parser.error(f"no daemon '{os.path.normpath(args.bkupfs)}': build it, "
                     "or say where it is")
    return args


def bench_io(args, work):
    """The helper; a build without tests has none."""
    built = os.path.join(os.path.dirname(args.bkupfs), "..", "..", "test",
                         "bench", "bench_io")
    if args.bench_io or os.access(built, os.X_OK):
        return args.bench_io or built
    made = os.path.join(work, "bench_io")
    subprocess.run(["cc", "-O2", "-pthread", "-D_GNU_SOURCE", "-o", made,
                    os.path.join(HERE, "bench_io.c")], check=True)
    return made


def wanted_rows(only):
    names = set()
    for group in bench_rows.GROUPS:
        for row in group.rows:
            if not only or row in only or group.function.__name__ in only:
                names.add(row)
    return names


def wanted_commits(only):
    return [row for row in bench_commits.ROWS
            if not only or row in only or "commits" in only]


class Bench:
    def __init__(self, args, data, work):
        self.args, self.data, self.work = args, data, work
        self.progress = bench_report.Progress()
        self.results = bench_report.Results(bench_rows.ROWS)
        self.wanted = wanted_rows(args.only)
        self.bench_io = bench_io(args, work)
        self.sides = []
        for side in Native, Bkupfs, Bindfs:
            if side.missing:
                self.results.skip(side.name, side.missing)
            else:
                self.sides.append(side)
        self.groups = []
        for group in bench_rows.GROUPS:
            reason = bench_rows.missing(group)
            if not self.wanted.intersection(group.rows):
                continue
            if reason:
                self.results.skip(group.function.__name__, reason)
            else:
                self.groups.append(group)
        self.commits = self.prepare_commits()

    def prepare_commits(self):
        rows = wanted_commits(self.args.only)
        if not rows:
            return None
        commits = bench_commits.Commits(self.args.scale, rows, self.work,
                                        self.progress)
        reason = commits.missing()
        if reason:
            self.results.skip("commits", reason)
            return None
        commits.prepare()
        return commits

    def play(self, group, kind, data, meanwhile=None):
        """One group on one side; returns its Stage."""
        directory = group.prepare(data, self.work, kind.name)
        try:
            with contextlib.ExitStack() as stack:
                side = stack.enter_context(kind(directory) if kind is Native
                                           else kind(directory, os.path.join(
                                               self.work, "mount")))
                stage = bench_rows.Stage(side, data, self.work,
                                         self.bench_io, self.wanted)
                stage.counter = meanwhile
                group.function(stage)
                for row in stage.samples:
                    self.results.add_peak(row, kind.name, side.peak_memory())
        finally:
            group.finish(self.work)
        return stage

    def measure(self, began):
        if self.commits:
            self.count_written()
        for turn in range(self.args.rounds):
            start = time.monotonic()
            self.measure_groups(turn)
            if self.commits:
                self.commits.round()
            if turn + 1 < self.args.rounds and self.is_late(began, start):
                self.results.skip("further rounds", f"{turn + 1} of "
                                  f"{self.args.rounds} took too long")
                break

    def is_late(self, began, start):
        """Whether one more round like that since start would take too
        long."""
        now = time.monotonic()
        return self.args.patience is not None and \
            now - began + now - start > self.args.patience

    def count_written(self):
        if not set(bench_commits.WRITTEN).intersection(self.commits.rows):
            return
        reason = self.commits.missing_count()
        if reason:
            self.results.skip("bytes written", reason)
        else:
            self.commits.count()

    def measure_groups(self, turn):
        for group in self.groups:
            # Whoever comes first has what the last group left to do.
            first = turn % len(self.sides)
            for kind in self.sides[first:] + self.sides[:first]:
                self.progress.show(
                    f"round {turn + 1} of {self.args.rounds}: "
                    f"{group.function.__name__}, {kind.name}")
                stage = self.play(group, kind, self.data)
                self.results.add(kind.name, stage.samples)

    def count(self, data):
        def counter(pid):
            return bench_count.Counter(pid, os.path.join(self.work, "trace"))
        for group in self.groups:
            self.progress.show(f"counting: {group.function.__name__}")
            stage = self.play(group, Bkupfs, data, counter)
            for row, found in stage.counts.items():
                operations = self.results.rows[row][1](data)
                self.results.counts[row] = (operations, found.requests,
                                            found.calls)


def version(*command):
    try:
        done = subprocess.run(command, check=False, capture_output=True,
                              text=True)
    except OSError:
        return "-"
    return " ".join((done.stdout or done.stderr).splitlines()[:2])


def machine(args, where):
    return {
        "kernel": platform.release(),
        "processors": os.cpu_count(),
        "load": [round(load, 1) for load in os.getloadavg()],
        "filesystem": version("findmnt", "-no", "FSTYPE", "-T", where),
        "bkupfs": version(args.bkupfs, "--version"),
        "bindfs": version("bindfs", "--version"),
        "rsync": version("rsync", "--version")[:20].strip(),
        "rounds": args.rounds, "scale": args.scale,
        "options": args.mount_options}


def report(args, bench, about):
    results, data = bench.results, bench.data
    about["load at the end"] = [round(load, 1) for load in os.getloadavg()]
    if args.json:
        with open(args.json, "w", encoding="utf-8") as out:
            json.dump({"about": about,
                       **bench_report.as_json(results, data),
                       "commits": bench.commits and bench.commits.as_json()},
                      out, indent=1)
            out.write("\n")
    print(", ".join(f"{key} {value}" for key, value in about.items()
                    if value))
    if results.samples:
        print(f"\n{bench_report.speeds(results, data)}\n")
        print(bench_report.costs(results, data))
    if bench.commits:
        print(f"\n{bench_report.commits(bench.commits)}")
    if results.counts:
        print(f"\n{bench_report.counted(results)}")
    for what, reason in results.skipped.items():
        print(f"\nskipped: {what}: {reason}")


def run(args, stack):
    began = time.monotonic()
    progress = bench_report.Progress()
    stack.callback(progress.clear)

    def directory(prefix, where, keep=False):
        path = tempfile.mkdtemp(prefix=prefix, dir=where)
        if not keep:
            # A mount that would not go is not emptied.
            stack.callback(subprocess.run, ["rm", "-rf", "--one-file-system",
                                            path], check=False)
        return path

    where = args.source
    if not where:
        where = directory("bkupfs-bench.", args.dir, args.keep)
        if args.keep:
            print(f"the data is in '{where}'", file=sys.stderr)
    elif not os.path.exists(os.path.join(where, MARK)):
        raise RuntimeError(f"no run has left data in '{where}'")
    data = Data(os.path.abspath(where), args.scale, progress)
    work = directory("work.", where)
    bench = Bench(args, data, work)
    about = machine(args, where)
    bench.measure(began)
    if args.count and bench_count.missing:
        bench.results.skip("counts", bench_count.missing)
    elif args.count:
        bench.count(Data(directory("part.", where),
                         args.scale * COUNTED_PART, progress))
    progress.clear()
    report(args, bench, about)


def main():
    args = options()
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        print("skipped: no /dev/fuse")
        return SKIPPED
    if os.geteuid() != 0 and not shutil.which("fusermount3"):
        print("skipped: only root can mount without fusermount3")
        return SKIPPED
    Bkupfs.binary = args.bkupfs
    if args.mount_options:
        Bkupfs.options = ("-o", args.mount_options)
    for number in signal.SIGTERM, signal.SIGHUP:
        signal.signal(number, lambda *_: sys.exit(1))
    try:
        with contextlib.ExitStack() as stack:
            run(args, stack)
    except KeyboardInterrupt:
        return 1
    except (OSError, RuntimeError, subprocess.CalledProcessError) as fault:
        print(f"bench: {fault}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
