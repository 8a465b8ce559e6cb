# SPDX-License-Identifier: BSD-2-Clause
"""Progress, and the tables.

A ratio is that of the speeds in one round, against the native filesystem: 1
is as fast, 0.5 takes twice the time.
"""

import statistics
import sys

NATIVE, SUBJECT = "native", "bkupfs"
MIB = 1 << 20


class Progress:
    """One line on a terminal that changes; nothing elsewhere."""

    def __init__(self):
        self.on = sys.stderr.isatty()

    def show(self, text):
        if self.on:
            sys.stderr.write(f"\r\033[K{text}")
            sys.stderr.flush()

    def clear(self):
        self.show("")


class Results:
    """samples[row][side] is a list with a Sample of each round."""

    def __init__(self, rows):
        self.rows = rows
        self.samples = {}
        self.peaks = {}
        self.counts = {}
        self.skipped = {}

    def add(self, side, samples):
        for row, sample in samples.items():
            self.samples.setdefault(row, {}).setdefault(side, []).append(
                sample)

    def add_peak(self, row, side, kib):
        self.peaks.setdefault(row, {})
        self.peaks[row][side] = max(self.peaks[row].get(side, 0), kib)

    def skip(self, what, reason):
        self.skipped.setdefault(what, reason)

    def seconds(self, row, side):
        return [sample.seconds for sample in self.samples[row].get(side, [])]

    def ratios(self, row, side, base=NATIVE):
        """Speeds against base's, round by round."""
        return [other / own for own, other in
                zip(self.seconds(row, side), self.seconds(row, base))]

    def sides(self):
        found = {}
        for row in self.samples.values():
            found.update(dict.fromkeys(row))
        return sorted(found, key=lambda side: (side != NATIVE,
                                               side != SUBJECT))


def two_places(value):
    return f"{value:.2f}"


def spread(values, form=two_places):
    if not values:
        return "-"
    text = form(statistics.median(values))
    return text if len(values) == 1 \
        else f"{text} ({form(min(values))}–{form(max(values))})"


def rate(results, row, side, data):
    """In the row's unit: MB/s, or operations a second."""
    seconds = results.seconds(row, side)
    if not seconds:
        return "-"
    _, operations, unit = results.rows[row]
    speed = operations(data) / statistics.median(seconds)
    if unit == "MiB":
        return f"{speed * 1.048576:,.0f} MB/s"
    return f"{speed:,.0f}/s"


def table(head, lines):
    out = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in out)


def speeds(results, data):
    """The main table."""
    sides = results.sides()
    peers = [side for side in sides if side != NATIVE]
    head = ["row", ""] + sides + [f"{side} ÷ native" for side in peers]
    lines = []
    for row in results.rows:
        if row in results.samples:
            lines.append(
                [row, results.rows[row][0]]
                + [rate(results, row, side, data) for side in sides]
                + [spread(results.ratios(row, side)) for side in peers])
    return table(head, lines)


def _per_operation(values, operations):
    return f"{statistics.median(values) / operations:.3g}"


def costs(results, data):
    """What the daemons used: medians for each operation."""
    lines = []
    for row, sides in results.samples.items():
        _, operations, unit = results.rows[row]
        for side, samples in sides.items():
            if side != NATIVE:
                lines.append([row, side, unit, _per_operation(
                    [sample.cpu * 1e6 for sample in samples],
                    operations(data)), _per_operation(
                    [sample.switches for sample in samples],
                    operations(data)),
                    f"{results.peaks[row][side] / 1024:.0f}"])
    return table(["row", "daemon", "for each", "processor µs",
                  "context switches", "peak MiB"], lines)


def _most(counts, operations):
    return ", ".join(f"{name} {count / operations:.3g}"
                     for name, count in counts.most_common(8)
                     if count / operations >= 0.005)


def counted(results):
    lines = []
    for row, (operations, requests, calls) in results.counts.items():
        lines.append([row, results.rows[row][2],
                      f"{requests.total() / operations:.3g}",
                      _most(requests, operations),
                      f"{calls.total() / operations:.3g}",
                      _most(calls, operations)])
    return table(["row", "for each", "FUSE requests", "most",
                  "system calls", "most"], lines)


def significant(value):
    """Three digits that count, and no exponent for what is large."""
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if rounded >= 1000 else f"{rounded:g}"


def _milliseconds(values):
    return f"{significant(statistics.median(values) * 1000)} ms"


def commits(found):
    """The tables of what commits cost."""
    ratios = [[row, found.about(row),
               _milliseconds([own for own, _ in pairs]),
               _milliseconds([against for _, against in pairs]),
               spread(found.ratios(row), significant)]
              for row, pairs in found.seconds.items() if pairs]
    written = [[row, found.about(row), significant(count / MIB),
                significant(count / found.changed(row))]
               for row, count in found.written.items()]
    tables = []
    if ratios:
        tables.append(table(["row", "", "takes", "against", "speed ratio"],
                            ratios))
    if written:
        tables.append(table(["row", "", "MiB written", "÷ what changed"],
                            written))
    return "\n\n".join(tables)


def as_json(results, data):
    """The same, and every sample, for json.dump."""
    rows = {}
    for row, sides in results.samples.items():
        about, operations, unit = results.rows[row]
        rows[row] = {"about": about, "unit": unit,
                     "operations": operations(data), "sides": {}}
        for side, samples in sides.items():
            rows[row]["sides"][side] = {
                "seconds": [sample.seconds for sample in samples],
                "cpu": [sample.cpu for sample in samples],
                "switches": [sample.switches for sample in samples],
                "ratios": results.ratios(row, side),
                "peak_kib": results.peaks[row][side]}
        if row in results.counts:
            operations, requests, calls = results.counts[row]
            rows[row]["counts"] = {"operations": operations,
                                   "requests": requests, "calls": calls}
    return {"rows": rows, "skipped": results.skipped}
