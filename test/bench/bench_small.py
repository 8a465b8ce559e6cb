# SPDX-License-Identifier: BSD-2-Clause
"""Rows of many small objects."""

import os

from bench_stage import fresh, rsync, run


def walk(stage):
    for row in ("walk-first", "walk-second"):
        stage.time(row, lambda: run("find", stage.side.root,
                                    "-printf", "%s %T@\n"))


def children(stage):
    names = "".join(name + "\n" for name in stage.data.children)
    stage.time("open", lambda: stage.seconds(
        "open", stage.side.root, stage.data.opens, names=names))


def rsync_out(stage):
    with fresh(stage.work) as target:
        stage.time("rsync-out", lambda: rsync(stage.side.root, target))
        _check_entries(stage, target, stage.data.entries)


def fill(stage):
    stage.time("rsync-in", lambda: rsync(stage.data.plain, stage.side.root))
    _check_entries(stage, stage.side.root, stage.data.entries)
    os.sync()
    names = [stage.at(name) for name in os.listdir(stage.side.root)]
    stage.time("remove", lambda: run("rm", "-rf", *names))
    _check_entries(stage, stage.side.root, 1)


def _check_entries(stage, path, expected):
    found = sum(1 + len(files) for _, _, files in os.walk(path))
    if found != expected:
        raise RuntimeError(f"{stage.side.name}: {found} entries in '{path}' "
                           f"instead of {expected}")
