# SPDX-License-Identifier: BSD-2-Clause
"""What bench.py is asked for."""

import argparse
import os

import bench_check
import bench_commits
import bench_main
import bench_plot
import bench_rows
from bench_data import Sizes

# A run that nobody told how often to measure begins nothing for another time
# that would end later: seconds.
PATIENCE = 540
ROUNDS = 3


def groups():
    """Names that stand for several rows."""
    return {**{group.name: list(group.rows) for group in bench_rows.GROUPS
               if len(group.rows) > 1},
            "commits": list(bench_commits.ROWS),
            "check": list(bench_check.ROWS)}


def rows():
    """All rows, with what they are."""
    sizes = Sizes(1)
    return {**{row: bench_rows.about(row, sizes) for row in bench_rows.ROWS},
            **{row: about.replace("%s", "4 GiB")
               for row, about in bench_commits.ROWS.items()},
            **{row: about.format(n=f"{sizes.objects:,}")
               for row, (about, _, _) in bench_check.ROWS.items()}}


def wanted(only, names):
    """Those of the names that are asked for: all, or some."""
    asked = set(only or rows())
    for group, members in groups().items():
        if group in asked:
            asked.update(members)
    return [name for name in names if name in asked]


def options(about):
    args, error = _parse(about)
    args.patience = PATIENCE if args.rounds is None else None
    if args.rounds is None:
        args.rounds = ROUNDS
    if args.rounds < 1 or args.scale <= 0:
        error("there is nothing to measure")
    if args.plot and not bench_plot.terminal(args.plot):
        error("a chart is a file .svg or .png")
    args.bkupfs = os.path.abspath(args.bkupfs)
    if not os.access(args.bkupfs, os.X_OK):
        error(f"no daemon '{os.path.normpath(args.bkupfs)}': build it, or say "
              "where it is")
    return args


def _parse(about):
    parser = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawTextHelpFormatter,
        epilog="rows:\n" + "\n".join(f"  {name:18} {text}"
                                     for name, text in rows().items())
        + "\nand, for several, " + ", ".join(groups()))
    _add_measuring(parser)
    _add_places(parser)
    return parser.parse_args(), parser.error


def _add_measuring(parser):
    parser.add_argument("--rounds", type=int, default=None, metavar="N",
                        help="measure so many times (default: 3, or less\n"
                        "of what would take more than 9 minutes)")
    parser.add_argument("--scale", type=float, default=1, metavar="X",
                        help="sizes: at 1, the default, 1 GiB in a stream,\n"
                        "20,000 objects, and 4 GiB beside which is committed")
    parser.add_argument("--only", action="append", metavar="ROW",
                        choices=[*rows(), *groups()],
                        help="only that row (may be repeated)")
    parser.add_argument("--plot", metavar="FILE",
                        help="draw the ratios there: .svg or .png")
    parser.add_argument("--count", action="store_true",
                        help="count FUSE requests and system calls as well")


def _add_places(parser):
    bench_main.add_options(parser)
    parser.add_argument("--keep", action="store_true",
                        help="leave the data there, and say where")
    parser.add_argument("--source", metavar="DIR",
                        help="use the data that an earlier run has kept")
    parser.add_argument("-o", dest="mount_options", metavar="OPTIONS",
                        help="mount bkupfs with these options")
    parser.add_argument("--bench-io", metavar="FILE",
                        default=os.environ.get("BENCH_IO"),
                        help="the helper (default: $BENCH_IO, or one that is\n"
                        "built now)")
