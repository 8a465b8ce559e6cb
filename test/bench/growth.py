#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What becomes of times and memory as sizes grow?

Every round measures each row at each size on a new mount. The tables have the
medians of the rounds; those that the noise may have made are in parentheses.
A line through the logarithms of the others has the exponent by which the row
grows: 0 is constant, 1 linear. A row grows faster than promised, and is
marked, where that exponent, or the one of the last two sizes by the rounds
that speak most in its favour, is more than 0.2 above the promised one.
"""

import argparse
import json
import math
import os
import platform
import statistics
import sys
import time

sys.dont_write_bytecode = True

import bench_main
import bench_report
from bench_growth import BYTES, FAMILIES, SECONDS, size_text

ROUNDS = 3
# A run that nobody told how often to measure begins no round that would end
# later: seconds.
PATIENCE = 480
# So many at most, where nobody said: these end in time on slow processors.
MOST = {"objects": 10**5}
# What is less than this says nothing of growth.
NOISE = {SECONDS: 5e-6, BYTES: 256 << 10}
# Nor does a total that is not so many times that of one item.
ABOVE_ONE = 3
TOLERANCE = 0.2
WORDS = {0: "constant", 1: "linear"}


def bytes_of(text):
    """64G is 64 GiB."""
    power = "KMGT".find(text[-1:].upper()) + 1
    return int(text[:-1] if power and text else text) << 10 * power


def options():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, metavar="N",
                        help="measure so many times (default: 3, or less\n"
                        "where that would take more than 8 minutes)")
    parser.add_argument("--max", type=int, metavar="N",
                        help="no more objects and streams (default: 10^5\n"
                        "objects, 10^6 streams)")
    parser.add_argument("--max-data", type=bytes_of, metavar="SIZE",
                        help="no more data in a stream, like 1G (default:\n"
                        "64G, which takes no room)")
    parser.add_argument("--only", action="append", metavar="FAMILY",
                        choices=list(FAMILIES),
                        help="only that family: " + ", ".join(FAMILIES)
                        + "\n(may be repeated)")
    bench_main.add_options(parser)
    parser.add_argument("--bkup", metavar="FILE",
                        default=os.environ.get("BKUP"),
                        help="the tool (default: $BKUP, that of the daemon's\n"
                        "build)")
    args = parser.parse_args()
    args.patience = PATIENCE if args.rounds is None else math.inf
    args.rounds = ROUNDS if args.rounds is None else args.rounds
    if args.rounds < 1:
        parser.error("there is nothing to measure")
    args.bkupfs = os.path.abspath(args.bkupfs)
    args.bkup = args.bkup or os.path.join(
        os.path.dirname(args.bkupfs), "..", "bkup", "bkup")
    for program in args.bkupfs, args.bkup:
        if not os.access(program, os.X_OK):
            parser.error(f"no program '{os.path.normpath(program)}': build "
                         "it, or say where it is")
    return args


def sizes(name, args):
    """Those of a family that are to be measured."""
    family = FAMILIES[name]
    most = args.max_data if family.text is size_text else args.max
    if most is None:
        most = MOST.get(name, math.inf)
    return [size for size in family.sizes if size <= most]


class Growth:
    """The samples of one row: at each size, of each round."""

    def __init__(self, row):
        self.row = row
        self.samples = {}

    def add(self, size, sample):
        self.samples.setdefault(size, []).append(sample)

    def values(self, size):
        return [sample.value for sample in self.samples[size]]

    def median(self, size):
        return statistics.median(self.values(size))

    def is_noise(self, size):
        """Whether it says little: it is short, or is a total of items that is
        not much more than what comes with a single one."""
        totals = [sample.total for sample in self.samples[size]]
        least = NOISE[self.row.unit]
        if 1 in self.samples and self.is_of_items():
            least = max(least, ABOVE_ONE * self.median(1))
        return statistics.median(totals) < least or min(totals) == 0

    def is_of_items(self):
        return any(found[0].count > 1 for found in self.samples.values())

    def sizes(self):
        """Those that say something."""
        return [size for size in self.samples if not self.is_noise(size)]

    def exponent(self):
        """By least squares, or None."""
        points = [(math.log(size), math.log(self.median(size)))
                  for size in self.sizes()]
        if len(points) < 2:
            return None
        return statistics.linear_regression(*zip(*points)).slope

    def last_exponent(self):
        """Of the last two sizes: at least this, whatever the noise did."""
        last = self.sizes()[-2:]
        if len(last) < 2:
            return None
        growth = min(self.values(last[1])) / max(self.values(last[0]))
        return math.log(growth, last[1] / last[0])

    def is_too_fast(self):
        return any(found is not None and found > self.row.promised + TOLERANCE
                   for found in (self.exponent(), self.last_exponent()))

    def as_json(self):
        return {"about": self.row.about, "unit": self.row.unit,
                "values": {size: self.values(size) for size in self.samples},
                "fitted": self.sizes(), "exponent": self.exponent(),
                "last exponent": self.last_exponent(),
                "promised": self.row.promised,
                "faster than promised": self.is_too_fast()}


class Run:
    def __init__(self, args, work):
        self.args = args
        self.progress = bench_report.Progress()
        self.families, self.found, self.skipped = {}, {}, {}
        for name, family in FAMILIES.items():
            if not args.only or name in args.only:
                self.families[name] = family(work, args.bkup)
                self.found[name] = {row: Growth(about)
                                    for row, about in family.rows.items()}
        self.plan = [(name, size) for name in self.families
                     for size in sizes(name, args)]

    def measure(self, began):
        self._each("making the data", self._prepare)
        for turn in range(self.args.rounds):
            start = time.monotonic()
            self._each(f"round {turn + 1} of {self.args.rounds}",
                       self._measure)
            now = time.monotonic()
            if turn + 1 < self.args.rounds and \
                    now - began + now - start > self.args.patience:
                self.skipped["further rounds"] = \
                    f"{turn + 1} of {self.args.rounds} took too long"
                break

    def _each(self, what, action):
        for name, size in self.plan:
            family = self.families[name]
            self.progress.show(f"{what}: {name}, {family.text(size)}")
            action(name, family, size)
        self.progress.clear()

    def _prepare(self, _, family, size):
        family.prepare(size)

    def _measure(self, name, family, size):
        for row, sample in family.measure(size).items():
            self.found[name][row].add(size, sample)
        self.skipped.update(family.skipped)

    def as_json(self):
        return {"families": {
            name: {row: growth.as_json() for row, growth in rows.items()
                   if growth.samples}
            for name, rows in self.found.items()}, "skipped": self.skipped}


def quantity(value, unit):
    """12.3 µs, or 4.56 MiB."""
    if unit == BYTES:
        return size_text(round(value)) if value >= 1024 else \
            f"{bench_report.significant(value)} B"
    for name, factor in ("s", 1), ("ms", 1e3):
        if value * factor >= 1:
            return f"{bench_report.significant(value * factor)} {name}"
    return f"{bench_report.significant(value * 1e6)} µs"


def cell(growth, size):
    if size not in growth.samples:
        return "-"
    text = quantity(growth.median(size), growth.row.unit)
    return f"({text})" if growth.is_noise(size) else text


def growth_text(growth):
    exponent = growth.exponent()
    if exponent is None:
        return "-"
    word = next((word for power, word in WORDS.items()
                 if abs(exponent - power) <= TOLERANCE),
                "shrinks" if exponent < 0 else None)
    text = f"{word} ({exponent:.2f})" if word else f"{exponent:.2f}"
    return f"**{text}**" if growth.is_too_fast() else text


def table(family, rows):
    measured = next(iter(rows.values())).samples
    lines = []
    for name, growth in rows.items():
        promised = WORDS[growth.row.promised]
        lines.append([f"**{name}**" if growth.is_too_fast() else name,
                      growth.row.about]
                     + [cell(growth, size) for size in measured]
                     + [growth_text(growth), promised])
    return bench_report.table(
        ["row", family.title] + [family.text(size) for size in measured]
        + ["grows", "promised"], lines)


def too_fast(run):
    """A line on each row that grows faster than promised."""
    for name, rows in run.found.items():
        for row, growth in rows.items():
            if growth.samples and growth.is_too_fast():
                yield (f"{name}, {row}: exponent {growth.exponent():.2f}, at "
                       f"the end {growth.last_exponent():.2f}, promised "
                       f"{growth.row.promised}")


def report(run, about):
    print(", ".join(f"{key} {value}" for key, value in about.items()))
    for name, rows in run.found.items():
        if any(growth.samples for growth in rows.values()):
            print(f"\n{table(run.families[name], rows)}")
    for number, line in enumerate(too_fast(run)):
        print(("\nfaster than promised:\n\n" if not number else "")
              + f"- {line}")
    for what, reason in run.skipped.items():
        print(f"\nskipped: {what}: {reason}")


def load():
    return " ".join(f"{value:.1f}" for value in os.getloadavg())


def play(args, stack):
    began = time.monotonic()
    work = bench_main.directory(stack, "bkupfs-growth.", args.dir)
    about = {"kernel": platform.release(), "processors": os.cpu_count(),
             "load": load()}
    run = Run(args, work)
    stack.callback(run.progress.clear)
    run.measure(began)
    about["load at the end"] = load()
    if args.json:
        with open(args.json, "w", encoding="utf-8") as out:
            json.dump({"about": about, **run.as_json()}, out, indent=1)
            out.write("\n")
    report(run, about)


def main():
    return bench_main.run("growth", play, options())


if __name__ == "__main__":
    sys.exit(main())
