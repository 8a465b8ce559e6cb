# SPDX-License-Identifier: BSD-2-Clause
"""Rows of one large stream."""

import os

from bench_data import MIB
from bench_stage import fresh, rsync


def sequential(stage):
    file, below = stage.large(), stage.below()
    share = os.stat(file).st_size / os.stat(stage.data.large).st_size
    stage.drop(file, below)
    stage.time("read-cold", lambda: stage.seconds("read", file), share)
    stage.seconds("read", below)
    if file != below:
        stage.drop(file)
    for row in ("read-first", "read-second"):
        stage.time(row, lambda: stage.seconds("read", file), share)


def random(stage):
    file, below = stage.large(), stage.below()
    stage.seconds("read", below)
    for row, verb in (("random-first", "random"), ("random-second", "random"),
                      ("random-two", "threads"), ("read-mapped", "mapped")):
        if file != below and row != "random-second":
            stage.drop(file)
        stage.time(row, lambda verb=verb: stage.seconds(verb, file,
                                                        stage.data.reads))


def writing(stage):
    data = stage.data
    os.mkdir(stage.at("new"))
    file = stage.at("new", "data")
    stage.time("write", lambda: stage.seconds("write", file,
                                              data.bytes // MIB))
    os.sync()
    stage.time("overwrite", lambda: stage.seconds("overwrite", file,
                                                  data.overwrites))
    _check_size(stage, file)


def rsync_large(stage):
    with fresh(stage.work) as target:
        stage.time("rsync-large-out", lambda: rsync(stage.side.root, target))
        _check_size(stage, stage.large().replace(stage.side.root, target, 1))


def fill_large(stage):
    source = stage.data.single()
    stage.time("rsync-large-in", lambda: rsync(source, stage.side.root))
    _check_size(stage, stage.at("large", "data"))


def _check_size(stage, path):
    """Give or take a header."""
    found = os.stat(path).st_size
    if not 0 <= found - stage.data.bytes < MIB:
        raise RuntimeError(f"{stage.side.name}: {found} bytes in '{path}' "
                           f"instead of {stage.data.bytes}")
