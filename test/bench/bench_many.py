# SPDX-License-Identifier: BSD-2-Clause
"""Rows of many streams in an object, and of many underlying files.

They are made when they are first asked for:

    streams/object        a backup file of 1,000,000 streams at scale 1
    names/object/         as many files, by the same names
    files/dNNN/fN         100,000 backup files of one stream
"""

import os
import subprocess
import sys

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "support"))

from bench_stage import Mounted, run
from nt_ids import DATA
from nt_records import alternate, record

IN_A_DIRECTORY = 1000


def listing(stage):
    for row in ("list-first", "list-second"):
        stage.time(row, lambda: run("ls", "-f", stage.at("object")))


def mount(stage):
    side = stage.side
    before = side.memory()

    def walk():
        done = subprocess.run(["find", side.root, "-printf", "%s\n"],
                              check=True, stdout=subprocess.PIPE)
        stage.mounted = Mounted(side.mount_seconds, side.memory(),
                                side.memory() - before,
                                done.stdout.count(b"\n"))
        return side.mount_seconds
    stage.time("mount", walk)


def _made(path, make, *args):
    """A directory, which is whole if it is there."""
    if not os.path.exists(path):
        os.makedirs(path + ".new", exist_ok=True)
        make(path + ".new", *args)
        os.rename(path + ".new", path)
    return path


def streams(data):
    """The directories with an object of many streams: backup, plain."""
    return (_made(data.at("streams"), _make_streams, data.streams),
            _made(data.at("names"), _make_names, data.streams))


def _stream_name(number):
    return f"stream{number:07}"


def _make_streams(path, count):
    with open(os.path.join(path, "object"), "wb") as out:
        for number in range(count):
            out.write(alternate(_stream_name(number), b"x"))


def _make_names(path, count):
    os.mkdir(os.path.join(path, "object"))
    directory = os.open(os.path.join(path, "object"), os.O_RDONLY)
    try:
        for number in range(count):
            os.mknod(":" + _stream_name(number), dir_fd=directory)
    finally:
        os.close(directory)


def files(data):
    path = _made(data.at("files"), _make_files, data.files)
    return path, path


def _make_files(path, count):
    content = record(DATA, 0, b"small")
    for number in range(count):
        parent = os.path.join(path, f"d{number // IN_A_DIRECTORY:03}")
        if number % IN_A_DIRECTORY == 0:
            os.makedirs(parent, exist_ok=True)
        with open(os.path.join(parent, f"f{number:06}"), "wb") as out:
            out.write(content)
