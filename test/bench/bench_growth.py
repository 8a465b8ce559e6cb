# SPDX-License-Identifier: BSD-2-Clause
"""What growth.py measures, of data that grows: objects in a directory, streams
in an object, bytes in a stream.

A family makes its data for each size once. It measures all of its rows, in
this order, on a mount of its own, as often as it is asked. What takes some
microseconds is done to several objects or streams, and the median counts.
"""

import collections
import errno
import os
import shutil
import statistics
import subprocess
import sys
import time

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "support"))

from bench_commits import sync, timed, write
from bench_data import MIB
from bench_report import significant
from bench_sides import Bkupfs
from nt_ids import DATA, HEADER, SPARSE_ATTRIBUTE
from nt_records import alternate, block, record

SMALL = 100  # bytes of a small stream
TAIL = 4096
TIMES = 9  # how often what is short is done
CHANGES = 3  # which take longer
# By then the kernel asks again for what it knows: seconds.
EXPIRED = 1.2
MANY = 10_000  # records that are written at once
SECONDS, BYTES = "seconds", "bytes"
UNITS = ("B", "KiB", "MiB", "GiB", "TiB")

# How fast it may grow with the size: as the size to the power promised.
Row = collections.namedtuple("Row", "about unit promised")


class Sample:
    """A total, and of how many."""

    def __init__(self, total, count=1):
        self.total, self.count = total, count

    @property
    def value(self):
        return self.total / self.count


def median(action, argument_lists):
    """Of the seconds that action takes with each."""
    return Sample(statistics.median(
        timed(action, *arguments) for arguments in argument_lists))


def count_text(count):
    return f"{count:,}"


def size_text(size):
    power = min((size.bit_length() - 1) // 10, len(UNITS) - 1)
    return f"{significant(size / (1 << 10 * power))} {UNITS[power]}"


class Mount(Bkupfs):
    pause = 0.0005

    def grown(self, kib):
        """Resident bytes since it had so many KiB."""
        return max(self.memory() - kib, 0) * 1024


class Family:
    """Subclasses have a title, sizes, rows, make() and measure()."""

    text = staticmethod(count_text)

    def __init__(self, work, bkup):
        self.work, self.bkup = work, bkup
        self.skipped = {}

    def source(self, size):
        return os.path.join(self.work, type(self).__name__, str(size))

    def prepare(self, size):
        source = self.source(size)
        os.makedirs(source)
        self.make(source, size)
        # What is still to be written would be in the rows' way.
        sync(source)

    def mount(self, size):
        return Mount(self.source(size), os.path.join(self.work, "mount"))


class Objects(Family):
    """All in one directory, one stream each."""

    title = "objects"
    sizes = (10**3, 10**4, 10**5, 10**6)
    rows = {
        "mount": Row("mounting", SECONDS, 0),
        "walk-first": Row("find with stat, an entry", SECONDS, 0),
        "memory": Row("resident then, an entry", BYTES, 0),
        "walk-second": Row("find with stat again, an entry", SECONDS, 0),
        "lookup": Row("first lookup of one more", SECONDS, 0),
        "write": Row(f"{SMALL} bytes to the stream of one", SECONDS, 0)}

    @staticmethod
    def make(source, size):
        content = record(DATA, 0, bytes(SMALL))
        for number in range(size):
            write(os.path.join(source, f"o{number}"), content, os.O_CREAT)

    def measure(self, size):
        found = {}
        start = time.perf_counter()
        with self.mount(size) as mount:
            found["mount"] = Sample(time.perf_counter() - start)
            before = mount.memory()
            entries = 1 + 2 * size
            found["walk-first"] = Sample(timed(_walk, mount.root), entries)
            found["memory"] = Sample(mount.grown(before), entries)
            time.sleep(EXPIRED)
            found["walk-second"] = Sample(timed(_walk, mount.root), entries)
            # The walks may have left times of reading to be written.
            sync(self.source(size))
            found["lookup"] = self._lookup(mount.root, self.source(size))
            found["write"] = median(write, [
                (os.path.join(mount.root, f"o{size // 2 + number}", "data"),
                 os.urandom(SMALL), os.O_TRUNC) for number in range(TIMES)])
        return found

    @staticmethod
    def _lookup(root, source):
        """Of what was put there behind the mount's back: else the kernel
        knows it."""
        names = [f"late{number}" for number in range(TIMES)]
        for name in names:
            os.link(os.path.join(source, "o0"), os.path.join(source, name))
        try:
            return median(os.stat, [(os.path.join(root, name),)
                                    for name in names])
        finally:
            for name in names:
                os.unlink(os.path.join(source, name))


def _walk(root):
    subprocess.run(["find", root, "-printf", "%s %T@\n"], check=True,
                   stdout=subprocess.DEVNULL)


class Streams(Family):
    """Small alternate streams of one object."""

    title = "streams in one object"
    sizes = (1, 10**3, 10**5, 10**6)
    rows = {
        "open": Row("first stat, which opens it, a stream", SECONDS, 0),
        "memory": Row("resident then, a stream", BYTES, 0),
        "lookup": Row("lookup of one by name", SECONDS, 0),
        "read": Row(f"reading the {SMALL} bytes of one", SECONDS, 0),
        "list": Row("listing, a stream", SECONDS, 0),
        "memory-listed": Row("resident then, a stream", BYTES, 0),
        "add": Row(f"{SMALL} bytes in a new one", SECONDS, 0)}

    @staticmethod
    def make(source, size):
        with open(os.path.join(source, "object"), "wb") as out:
            for first in range(0, size, MANY):
                out.write(b"".join(
                    alternate(f"s{number}", bytes(SMALL)) for number in
                    range(first, min(first + MANY, size))))

    def measure(self, size):
        found = {}
        with self.mount(size) as mount:
            root = os.path.join(mount.root, "object")
            before = mount.memory()
            found["open"] = Sample(timed(_stat_missing,
                                         os.path.join(root, ":no")), size)
            found["memory"] = Sample(mount.grown(before), size)
            middle = [(os.path.join(root, f":s{number}"),) for number in
                      range(size // 2, min(size // 2 + TIMES, size))]
            found["lookup"] = median(os.stat, middle)
            found["read"] = median(_read, middle)
            found["list"] = Sample(timed(_list, root, size), size)
            found["memory-listed"] = Sample(mount.grown(before), size)
            added = [os.path.join(root, f":added{number}")
                     for number in range(CHANGES)]
            found["add"] = median(write, [
                (path, bytes(SMALL), os.O_CREAT) for path in added])
            # The next round finds as many as this one.
            for path in reversed(added):
                os.unlink(path)
        return found


def _stat_missing(path):
    """Only who knows all of an object's names can tell."""
    try:
        os.stat(path)
    except FileNotFoundError:
        return
    raise RuntimeError(f"there is '{path}'")


def _read(path):
    with open(path, "rb", buffering=0) as file:
        if len(file.read(TAIL)) != SMALL:
            raise RuntimeError(f"'{path}' is not whole")


def _list(path, count):
    found = len(os.listdir(path))
    if found != count:
        raise RuntimeError(f"{found} streams are listed instead of {count}")


class Hole(Family):
    """One DATA record, a hole in the underlying file but for its end, and a
    small stream behind it; some such objects."""

    title = "bytes in a stream, a hole of the underlying file"
    sizes = (1 << 10, 1 << 20, 1 << 30, 64 << 30)
    text = staticmethod(size_text)
    rows = {
        "ls": Row("`bkup ls`", SECONDS, 0),
        "check": Row("`bkup check`", SECONDS, 0),
        "stat": Row("first stat", SECONDS, 0),
        "open": Row("open", SECONDS, 0),
        "seek": Row("SEEK_DATA from its start", SECONDS, 0),
        "read": Row("reading 4 KiB at its end", SECONDS, 0),
        "edit": Row(f"{SMALL} bytes to the stream behind it", SECONDS, 0),
        "add": Row(f"{SMALL} bytes in a new stream", SECONDS, 0),
        "room": Row("room on disk that both took", BYTES, 0),
        "peak": Row("most memory resident", BYTES, 0)}
    fills = False  # whether changes were seen to fill the hole

    def make(self, source, size):
        for number in range(CHANGES):
            with open(os.path.join(source, f"o{number}"), "wb") as out:
                self._make_data(out, size)
                out.write(alternate("note", bytes(SMALL)))

    @staticmethod
    def _make_data(out, size):
        out.write(HEADER.pack(DATA, 0, size, 0))
        tail = _tail(size)
        out.seek(size - len(tail), os.SEEK_CUR)
        out.write(tail)

    def measure(self, size):
        # What was changed in the last round is as it was.
        self.make(self.source(size), size)
        objects = [f"o{number}" for number in range(CHANGES)]
        found = {verb: median(self._tool, [
            (verb, os.path.join(self.source(size), name))
            for name in objects]) for verb in ("ls", "check")}
        with self.mount(size) as mount:
            roots = [os.path.join(mount.root, name) for name in objects]
            self._measure_data(found, [os.path.join(root, "data")
                                       for root in roots], size)
            if self._may_change(size):
                self._measure_changes(found, roots, size)
            found["peak"] = Sample(mount.peak_memory() * 1024)
        return found

    def _may_change(self, size):
        """A disk that many share is not filled."""
        free = shutil.disk_usage(self.work).free
        if not self.fills or free > 2 * CHANGES * size:
            return True
        self.skipped[f"changes beside {size_text(size)}"] = \
            "they fill the hole, and there is no room"
        return False

    def _measure_changes(self, found, roots, size):
        before = self._allocated(size)
        found["edit"] = median(write, [
            (os.path.join(root, ":note"), os.urandom(SMALL), os.O_TRUNC)
            for root in roots])
        found["add"] = median(write, [
            (os.path.join(root, ":added"), bytes(SMALL), os.O_CREAT)
            for root in roots])
        room = (self._allocated(size) - before) / CHANGES
        found["room"] = Sample(max(room, 0))
        self.fills |= room > MIB // 2

    def _allocated(self, size):
        """Bytes of the underlying files."""
        with os.scandir(self.source(size)) as entries:
            return sum(entry.stat().st_blocks * 512 for entry in entries)

    def _tool(self, verb, path):
        subprocess.run([self.bkup, verb, path], check=True,
                       stdout=subprocess.DEVNULL)

    @staticmethod
    def _measure_data(found, paths, size):
        found["stat"] = median(os.stat, [(path,) for path in paths])
        files = []
        try:
            found["open"] = median(
                lambda path: files.append(os.open(path, os.O_RDONLY)),
                [(path,) for path in paths])
            found["seek"] = median(os.lseek, [(file, 0, os.SEEK_DATA)
                                              for file in files])
            found["read"] = median(_read_tail, [(file, size)
                                                for file in files])
        finally:
            for file in files:
                os.close(file)


def _tail(size):
    return (b"tail" * TAIL)[:min(size, TAIL)]


def _read_tail(file, size):
    tail = _tail(size)
    if os.pread(file, TAIL, size - len(tail)) != tail:
        raise OSError(errno.EIO, "the end is not what was written")


class Sparse(Hole):
    """The same with a SPARSE_BLOCK that has its end."""

    title = "bytes in a stream, sparse"

    @staticmethod
    def _make_data(out, size):
        tail = _tail(size)
        out.write(record(DATA, SPARSE_ATTRIBUTE))
        out.write(block(size - len(tail), tail))
        out.write(block(size))


FAMILIES = {"objects": Objects, "streams": Streams, "hole": Hole,
            "sparse": Sparse}
