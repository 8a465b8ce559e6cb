# SPDX-License-Identifier: BSD-2-Clause
"""The rows of the table, and the groups in which they are measured."""

import operator

import bench_large
import bench_many
import bench_small
from bench_sides import MANY, MOUNT, READ, SEQUENTIAL, WRITE, \
    missing_program
from bench_stage import Group


def _large(data):
    return data.large_dir, data.large_dir


def _small(data):
    return data.backup, data.plain


def _mib(sizes):
    return sizes.bytes >> 20


_reads, _overwrites, _entries, _objects, _opens, _streams, _files = map(
    operator.attrgetter, ("reads", "overwrites", "entries", "objects", "opens",
                          "streams", "files"))


GROUPS = (
    Group(bench_large.sequential, _large, SEQUENTIAL, {
        "read-cold": ("sequential read, nothing cached", _mib, "MiB"),
        "read-first": ("sequential read, cached below", _mib, "MiB"),
        "read-second": ("sequential read, cached", _mib, "MiB")}),
    Group(bench_large.random, _large, READ, {
        "random-first": ("random 4 KiB reads, cached below", _reads, "read"),
        "random-second": ("random 4 KiB reads, again", _reads, "read"),
        "random-two": ("random 4 KiB reads by two threads, cached below",
                       _reads, "read"),
        "read-mapped": ("every page of a mapping, cached below", _mib,
                        "MiB")}),
    Group(bench_large.writing, None, WRITE, {
        "write": ("sequential write of data, with close", _mib, "MiB"),
        "overwrite": ("random 4 KiB overwrites of data, with close",
                      _overwrites, "write")}),
    Group(bench_small.walk, _small, READ, {
        "walk-first": ("walk with stat, fresh mount", _entries, "entry"),
        "walk-second": ("walk with stat, again", _entries, "entry")}),
    Group(bench_small.children, _small, READ, {
        "open": ("open, read, close of {n} small children", _opens, "open")}),
    Group(bench_small.rsync_out, _small, READ, {
        "rsync-out": ("rsync -a to a plain directory", _objects, "object")}),
    Group(bench_small.fill, None, WRITE, {
        "rsync-in": ("rsync -a of the plain tree", _objects, "object"),
        "remove": ("rm -rf of that", _objects, "object")}),
    Group(bench_large.rsync_large, _large, READ, {
        "rsync-large-out": ("rsync -a of one large object out", _mib, "MiB")}),
    Group(bench_large.fill_large, None, WRITE, {
        "rsync-large-in": ("rsync -a of one large object in", _mib, "MiB")}),
    Group(bench_many.listing, bench_many.streams, MANY, {
        "list-first": ("ls -f of {n} streams, fresh mount", _streams,
                       "stream"),
        "list-second": ("ls -f of {n} streams, again", _streams, "stream")}),
    Group(bench_many.mount, bench_many.files, MOUNT, {
        "mount": ("mount over {n} files, then a walk with stat", _files,
                  "file")}),
)

ROWS = {name: row for group in GROUPS for name, row in group.rows.items()}


def about(row, sizes):
    text, operations, _ = ROWS[row]
    return text.format(n=f"{operations(sizes):,}") if "{" in text else text


def missing(group):
    """Why a group cannot run, or None."""
    rows = "".join(group.rows)
    if "rsync" in rows:
        return missing_program("rsync")
    return missing_program("find" if group.kind == MOUNT or "walk" in rows
                           else "ls")
