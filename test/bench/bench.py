#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""How fast is a mount, compared with the filesystem below?

Every round measures each row natively, through bkupfs and, where they are
installed, through bindfs with many threads and with one, squashfuse and
archivemount, one after the other over the same bytes; the table has the
medians of the rounds' ratios, and their spread. A ratio is one of speeds: 1 is
as fast as native, 0.5 takes twice the time.
"""

import contextlib
import functools
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True

import bench_check
import bench_commits
import bench_count
import bench_main
import bench_plot
import bench_report
import bench_rows
from bench_data import MARK, Data
from bench_options import options, wanted
from bench_sides import Archivemount, Bindfs, BindfsSingle, Bkupfs, Native, \
    Squashfuse
from bench_stage import Stage, spread

HERE = os.path.dirname(os.path.abspath(__file__))
# Counting slows a daemon down so much that a part of the data must do.
COUNTED_PART = 0.05
SIDES = Native, Bkupfs, Bindfs, BindfsSingle, Squashfuse, Archivemount


def bench_io(args, work):
    """The helper: that of a build may be old."""
    if args.bench_io:
        return args.bench_io
    made = os.path.join(work, "bench_io")
    subprocess.run(["cc", "-O2", "-pthread", "-D_GNU_SOURCE", "-o", made,
                    os.path.join(HERE, "bench_io.c")], check=True)
    return made


class Bench:
    def __init__(self, args, data, work):
        self.args, self.data, self.work = args, data, work
        self.progress = bench_report.Progress()
        self.results = bench_report.Results(
            bench_rows, [side.name for side in SIDES])
        self.wanted = set(wanted(args.only, bench_rows.ROWS))
        self.bench_io = bench_io(args, work)
        self.groups = self.possible_groups()
        self.sides = self.possible_sides()
        self.commits = self.prepare_commits()
        self.checks = self.prepare_checks()

    def possible_groups(self):
        found = []
        for group in bench_rows.GROUPS:
            if not self.wanted.intersection(group.rows):
                continue
            reason = bench_rows.missing(group)
            if reason:
                self.results.skip(group.name, reason)
            else:
                found.append(group)
        return found

    def possible_sides(self):
        kinds = {group.kind for group in self.groups}
        found = []
        for side in SIDES:
            if side.missing:
                self.results.skip(side.name, side.missing)
            elif kinds.intersection(side.kinds):
                found.append(side)
                self.results.note(side.note)
        return found

    def prepare_commits(self):
        rows = wanted(self.args.only, bench_commits.ROWS)
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

    def prepare_checks(self):
        rows = wanted(self.args.only, bench_check.ROWS)
        checks = bench_check.Checks(self.data, rows, self.args.bkupfs)
        if rows and checks.missing():
            self.results.skip("check", checks.missing())
        return checks if rows and not checks.missing() else None

    def play(self, group, kind, data, meanwhile=None):
        """One group on one side; returns its Stage."""
        with contextlib.ExitStack() as stack:
            place = stack.enter_context(group.prepared(data, self.work,
                                                       kind.name))
            side = stack.enter_context(kind(place, os.path.join(
                self.work, "mount")))
            stage = Stage(side, data, self.work, self.bench_io, self.wanted)
            stage.counter = meanwhile
            group.function(stage)
            for row in stage.samples:
                self.results.add_peak(row, kind.name, side.peak_memory())
        return stage

    def measure(self, began):
        if self.commits:
            self.count_written()
        spent, late = {}, {}
        for turn in range(self.args.rounds):
            for name, part in self.parts().items():
                start = time.monotonic()
                if turn and self.is_late(start - began + spent[name]):
                    late.setdefault(name, turn)
                else:
                    part(turn)
                    spent[name] = time.monotonic() - start
        if late:
            self.results.skip("further rounds", "too long for " + ", ".join(
                f"{name} after {turn}" for name, turn in late.items()))

    def parts(self):
        """What a round is made of."""
        found = {group.name: functools.partial(self.measure_group, group)
                 for group in self.groups}
        for name, others in (("check", self.checks),
                             ("commits", self.commits)):
            if others:
                found[name] = others.round
        return found

    def is_late(self, seconds):
        """Whether it would be then."""
        return self.args.patience is not None and seconds > self.args.patience

    def count_written(self):
        if not set(bench_commits.WRITTEN).intersection(self.commits.rows):
            return
        reason = self.commits.missing_count()
        if reason:
            self.results.skip("bytes written", reason)
        else:
            self.commits.count()

    def measure_group(self, group, turn):
        sides = [side for side in self.sides if group.kind in side.kinds]
        # Whoever comes first has what the last group left to do.
        first = turn % len(sides)
        for kind in sides[first:] + sides[:first]:
            self.progress.show(f"round {turn + 1} of {self.args.rounds}: "
                               f"{group.name}, {kind.name}")
            self.results.add(kind.name, self.play(group, kind, self.data))

    def count(self, data):
        def counter(pid):
            return bench_count.Counter(pid, os.path.join(self.work, "trace"))
        for group in self.groups:
            self.progress.show(f"counting: {group.name}")
            stage = self.play(group, Bkupfs, data, counter)
            for row, found in stage.counts.items():
                operations = bench_rows.ROWS[row][1](data)
                self.results.counts[row] = (operations, found.requests,
                                            found.calls)


def version(*command):
    """The first line that has the program's name and a digit."""
    try:
        done = subprocess.run(command, check=False, capture_output=True,
                              text=True)
    except OSError:
        return None
    name = os.path.basename(command[0]).split("_")[0]
    lines = (done.stdout + done.stderr).splitlines()
    return next((" ".join(line.split(" (")[0].split()[:3]) for line in lines
                 if name in line and re.search(r"\d", line)), None)


def filesystem(where):
    if not shutil.which("findmnt"):
        return None
    done = subprocess.run(["findmnt", "-no", "FSTYPE", "-T", where],
                          check=False, capture_output=True, text=True)
    return done.stdout.strip()


def machine(args, where):
    return {
        "kernel": platform.release(),
        "processors": os.cpu_count(),
        "load": [round(load, 1) for load in os.getloadavg()],
        "filesystem": filesystem(where),
        "programs": list(filter(None, (
            version(args.bkupfs, "--version"),
            version("bindfs", "--version"),
            version(Squashfuse.binary, "--help"),
            version("archivemount", "--version"),
            version("rsync", "--version")))),
        "rounds": args.rounds, "scale": args.scale,
        "options": args.mount_options}


def write_files(args, bench, about):
    if args.json:
        with open(args.json, "w", encoding="utf-8") as out:
            json.dump({"about": about, **bench_report.as_json(
                bench.results, bench.data),
                       "check": bench.checks and bench.checks.as_json(),
                       "commits": bench.commits and bench.commits.as_json()},
                      out, indent=1)
            out.write("\n")
    if args.plot and bench_plot.missing:
        bench.results.skip("plot", bench_plot.missing)
    elif args.plot and bench.results.compared():
        bench_plot.draw(bench.results, args.plot)
    elif args.plot:
        bench.results.skip("plot", "there are no ratios")


def _text(value):
    return " ".join(map(str, value)) if isinstance(value, list) else value


def report(args, bench, about):
    results, data = bench.results, bench.data
    about["load at the end"] = [round(load, 1) for load in os.getloadavg()]
    write_files(args, bench, about)
    print(", ".join(f"{key} {_text(value)}" for key, value in about.items()
                    if value))
    for text in bench_report.texts(results, data):
        print(f"\n{text}")
    if bench.checks:
        print(f"\n{bench_report.checks(bench.checks)}")
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

    def directory(prefix, where):
        path = bench_main.directory(stack, prefix, where)
        spread(path)
        return path

    where = args.source
    if args.keep and not where:
        where = tempfile.mkdtemp(prefix="bkupfs-bench.", dir=args.dir)
        spread(where)
        print(f"the data is in '{where}'", file=sys.stderr)
    elif not where:
        where = directory("bkupfs-bench.", args.dir)
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
    args = options(__doc__)
    if args.mount_options:
        Bkupfs.options = ("-o", args.mount_options)
    return bench_main.run("bench", run, args)


if __name__ == "__main__":
    sys.exit(main())
