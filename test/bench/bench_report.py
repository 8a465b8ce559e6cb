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

    def __init__(self, rows, order):
        self.rows, self.about, self.order = rows.ROWS, rows.about, order
        self.samples = {}
        self.mounts = {}
        self.peaks = {}
        self.counts = {}
        self.notes = []
        self.skipped = {}

    def add(self, side, stage):
        for row, sample in stage.samples.items():
            self.samples.setdefault(row, {}).setdefault(side, []).append(
                sample)
        if stage.mounted:
            self.mounts.setdefault(side, []).append(stage.mounted)

    def add_peak(self, row, side, kib):
        self.peaks.setdefault(row, {})
        self.peaks[row][side] = max(self.peaks[row].get(side, 0), kib)

    def note(self, text):
        if text:
            self.notes.append(text)

    def skip(self, what, reason):
        self.skipped.setdefault(what, reason)

    def seconds(self, row, side):
        return [sample.seconds for sample in self.samples[row].get(side, [])]

    def ratios(self, row, side, base=NATIVE):
        """Speeds against base's, round by round."""
        return [other / own for own, other in
                zip(self.seconds(row, side), self.seconds(row, base))]

    def compared(self):
        """The rows that have ratios."""
        return [row for row in self.rows
                if NATIVE in self.samples.get(row, ())]

    def sides(self):
        found = {side for row in self.compared() for side in
                 self.samples[row]}
        return [side for side in self.order if side in found]

    def peers(self):
        return [side for side in self.sides() if side != NATIVE]

    def best(self, row):
        """Who of the others is the fastest, or None."""
        found = [side for side in self.samples[row]
                 if side not in (NATIVE, SUBJECT)]
        return max(found, default=None, key=lambda side: statistics.median(
            self.ratios(row, side)))


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
    head = ["row", "", *sides, f"{SUBJECT} ÷ native", "best peer ÷ native"]
    lines = [[row, results.about(row, data),
              *(rate(results, row, side, data) for side in sides),
              spread(results.ratios(row, SUBJECT)), _best(results, row)]
             for row in results.compared()]
    return table(head, lines)


def _best(results, row):
    side = results.best(row)
    return f"{spread(results.ratios(row, side))} {side}" if side else "-"


def mounts(results):
    """What a mount takes, and what is remembered."""
    lines = []
    for side, found in results.mounts.items():
        seconds, resident, added, entries = zip(*found)
        lines.append([
            side, spread([1000 * value for value in seconds], significant),
            f"{statistics.median(entries):,.0f}",
            f"{statistics.median(resident) / 1024:.0f}",
            f"{statistics.median(added) * 1024 / entries[0]:,.0f}"])
    return table(["mount", "takes ms", "entries walked", "resident MiB",
                  "added bytes for each entry"], lines)


def texts(results, data):
    """The tables of the mounts, one by one."""
    if results.compared():
        yield speeds(results, data)
    yield from results.notes
    if results.mounts:
        yield mounts(results)
    if results.samples:
        yield costs(results, data)


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


def checks(found):
    """The table of what is checked."""
    lines = []
    for row in found.rows:
        own, cat = (f"{rate / 1e6:,.0f} MB/s" for rate in found.rates(row))
        lines.append([row, found.about(row), own, cat,
                      spread(found.ratios(row), significant)])
    return table(["row", "", "bkup check", "cat", "speed ratio"], lines)


def _side_as_json(results, row, side, samples):
    return {"seconds": [sample.seconds for sample in samples],
            "cpu": [sample.cpu for sample in samples],
            "switches": [sample.switches for sample in samples],
            "ratios": results.ratios(row, side)
            if row in results.compared() else [],
            "peak_kib": results.peaks[row][side]}


def as_json(results, data):
    """The same, and every sample, for json.dump."""
    rows = {}
    for row, sides in results.samples.items():
        _, operations, unit = results.rows[row]
        rows[row] = {"about": results.about(row, data), "unit": unit,
                     "operations": operations(data),
                     "best_peer": row in results.compared()
                     and results.best(row) or None,
                     "sides": {side: _side_as_json(results, row, side, samples)
                               for side, samples in sides.items()}}
        if row in results.counts:
            operations, requests, calls = results.counts[row]
            rows[row]["counts"] = {"operations": operations,
                                   "requests": requests, "calls": calls}
    return {"rows": rows, "notes": results.notes,
            "mounts": {side: [mounted._asdict() for mounted in found]
                       for side, found in results.mounts.items()},
            "skipped": results.skipped}
