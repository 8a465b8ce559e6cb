# SPDX-License-Identifier: BSD-2-Clause
"""What commits cost beside much data, 4 GiB at scale 1.

Two kinds of rows: ratios of speeds, of things that take turns, and bytes that
reach the disk. The latter are what the device of a filesystem is given that
nobody else writes to: an ext4 in a file.
"""

import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import time

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "support"))

from bench_data import MIB
from bench_sides import Bkupfs
from nt_ids import DATA, HEADER, SECURITY_DATA
from nt_records import alternate, record

HUGE = 4 << 30
LEAST = 4 * MIB
SMALL = 4096
EDIT = 100  # bytes
CHANGE = MIB
PAGE = 4096
SECTOR = 512
# How often the huge file must find room, at the worst.
ROOM = 6
MOST_EDITS = 50
EDIT_SECONDS = 3  # of a round

# What is compared, with a size for %s.
RATIOS = {
    "edit-large": "editing %d bytes beside %%s of data, against beside 4 KiB"
                  % EDIT,
    "write-large": "cp of %s into data, against cp below",
    "write-large-synced": "the same, with sync",
}
WRITTEN = {
    "add-stream": "%d bytes in a new stream beside %%s of data" % EDIT,
    "overwrite-dd": "1 MiB in the middle of %s, by dd conv=notrunc",
    "overwrite-rsync": "the same, by rsync --inplace --no-whole-file",
}
ROWS = {**RATIOS, **WRITTEN}


def size_text(size):
    unit = ("GiB", 30) if size >= 1 << 30 else ("MiB", 20)
    return f"{size / (1 << unit[1]):.3g} {unit[0]}"


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def sync(path):
    """Of its filesystem only."""
    run("sync", "-f", path)


def write(path, content, flags=0):
    fd = os.open(path, os.O_WRONLY | flags, 0o644)
    try:
        os.write(fd, content)
    finally:
        os.close(fd)


def timed(action, *args):
    start = time.perf_counter()
    action(*args)
    return time.perf_counter() - start


class Image:
    """An ext4 of its own, mounted; its device counts what is written."""

    def __init__(self, stack, work, size):
        path, self.point = os.path.join(work, "image"), \
            os.path.join(work, "ext4")
        stack.callback(os.unlink, path)
        with open(path, "wb") as image:
            image.truncate(size)
        # Nothing that the kernel would do later, in its own time.
        run("mkfs.ext4", "-q", "-F", "-m", "0", "-T", "largefile",
            "-E", "lazy_itable_init=0,lazy_journal_init=0", path)
        os.mkdir(self.point)
        # It takes its loop device along when it is unmounted.
        run("mount", "-o", "loop", path, self.point)
        stack.callback(self._unmount)
        device = os.stat(self.point).st_dev
        self.stat = (f"/sys/dev/block/{os.major(device)}:"
                     f"{os.minor(device)}/stat")

    def _unmount(self):
        for _ in range(100):
            if subprocess.run(["umount", self.point], check=False,
                              capture_output=True).returncode == 0:
                return
            time.sleep(0.05)
        run("umount", "-l", self.point)

    def sectors(self):
        with open(self.stat, encoding="ascii") as stat:
            return int(stat.read().split()[6])

    def written(self, action):
        """The bytes that it takes, with all that is due to be written."""
        sync(self.point)
        before = self.sectors()
        action()
        sync(self.point)
        return (self.sectors() - before) * SECTOR


class Commits:
    """The rows, on their own data: a huge file, and objects made of it.
    What is here stays in work, which somebody else removes."""

    def __init__(self, scale, rows, work, progress):
        self.rows, self.work, self.progress = rows, work, progress
        self.size = max(round(HUGE * scale / MIB) * MIB, LEAST)
        self.huge = os.path.join(self.work, "huge")
        self.turn = 0
        self.seconds = {row: [] for row in RATIOS if row in rows}
        self.written = {}

    def missing(self):
        """Why nothing of this can run, or None."""
        need = ROOM * self.size
        if shutil.disk_usage(self.work).free < need:
            return f"it needs {size_text(need)} of room"
        return None

    def prepare(self):
        self._make_huge()

    def _make_huge(self):
        """Every page is another one, lest rsync takes one for the other."""
        block = bytearray(os.urandom(MIB))
        with open(self.huge, "wb") as out:
            for at in range(0, self.size, MIB):
                self.progress.show(f"making data, {at // MIB} MiB")
                for page in range(0, MIB, PAGE):
                    block[page:page + 8] = (at + page).to_bytes(8, "little")
                out.write(block)
        sync(self.huge)

    def _make_object(self, path, size):
        """security, data of the huge file's beginning, an alternate stream"""
        with open(path, "wb") as out:
            out.write(record(SECURITY_DATA, 2, bytes(188)))
            out.write(HEADER.pack(DATA, 0, size, 0))
            out.flush()
            with open(self.huge, "rb") as huge:
                left = size
                while left:
                    left -= os.sendfile(out.fileno(), huge.fileno(), None,
                                        min(left, 64 * MIB))
            out.seek(0, os.SEEK_END)
            out.write(alternate("note", bytes(EDIT)))
        sync(path)

    def round(self, turn):
        self.turn = turn
        if "edit-large" in self.rows:
            self._in_directory(self._edits, {"large": self.size,
                                             "small": SMALL})
        if {"write-large", "write-large-synced"} & set(self.rows):
            self._in_directory(self._writes, {})

    def _in_directory(self, play, objects):
        """Mounts a directory with such objects."""
        source = os.path.join(self.work, "source")
        os.mkdir(source)
        try:
            for name, size in objects.items():
                self.progress.show(f"making an object of {size >> 20} MiB")
                self._make_object(os.path.join(source, name), size)
            with Bkupfs(source, os.path.join(self.work, "mount")) as side:
                self.progress.show(f"commits: {play.__name__[1:]}")
                play(side.root)
        finally:
            shutil.rmtree(source)
            sync(self.work)

    def _edits(self, root):
        """The two take turns."""
        found = {"large": [], "small": []}
        paths = {name: os.path.join(root, name, ":note") for name in found}
        for path in paths.values():
            os.stat(path)
        end = time.perf_counter() + EDIT_SECONDS
        for number in range(MOST_EDITS):
            for name, path in paths.items():
                content = (b"%d" % number).rjust(EDIT)
                found[name].append(timed(write, path, content, os.O_TRUNC))
            if time.perf_counter() > end:
                break
        self.seconds["edit-large"].append(
            tuple(statistics.median(found[name])
                  for name in ("large", "small")))

    def _writes(self, root):
        plain = os.path.join(self.work, "plain")
        os.makedirs(os.path.join(root, "new"))
        paths = {"own": os.path.join(root, "new", "data"), "plain": plain}
        found = {}
        # Whoever comes first has what was there before to do.
        for name in sorted(paths, reverse=self.turn % 2):
            found[name] = self._copy(paths[name])
        os.unlink(plain)
        for row, pair in zip(("write-large", "write-large-synced"),
                             zip(found["own"], found["plain"])):
            if row in self.rows:
                self.seconds[row].append(pair)

    def _copy(self, path):
        """Seconds of cp, and with sync. Without reflinks and without
        copy_file_range, which one side could not have."""
        sync(self.work)
        cp = timed(run, "cp", "--reflink=never", self.huge, path)
        return cp, cp + timed(sync, self.work)

    def missing_count(self):
        """Why bytes cannot be counted, or None."""
        if os.geteuid() != 0:
            return "only root can mount an ext4 of its own"
        if not os.path.exists("/dev/loop-control"):
            return "no /dev/loop-control"
        with open("/proc/filesystems", encoding="ascii") as kinds:
            if "\text4\n" not in kinds.read():
                return "the kernel knows no ext4"
        for program in "mkfs.ext4", "rsync":
            if not shutil.which(program):
                return f"{program} is not installed"
        return None

    def count(self):
        """What reaches the disk, once: whoever else is at work does not
        change it."""
        with contextlib.ExitStack() as stack:
            # Room for two more versions at a time.
            self._count(Image(stack, self.work, 4 * self.size + 128 * MIB))

    def _count(self, image):
        source = os.path.join(image.point, "source")
        os.mkdir(source)
        self._make_object(os.path.join(source, "large"), self.size)
        with Bkupfs(source, os.path.join(self.work, "mount")) as side:
            data = os.path.join(side.root, "large", "data")
            os.stat(data)
            for row, action in (
                    ("add-stream", lambda: self._add(side.root)),
                    ("overwrite-dd", lambda: self._overwrite_dd(data)),
                    ("overwrite-rsync", lambda: self._overwrite_rsync(data))):
                if row in self.rows or row == "overwrite-dd":
                    self.progress.show(f"commits: {row}")
                    written = image.written(action)
                if row in self.rows:
                    self.written[row] = written
                    self._check_count(row)
            self._check(data)

    def _add(self, root):
        write(os.path.join(root, "large", ":added"), bytes(EDIT), os.O_CREAT)

    def _overwrite_dd(self, data):
        patch = os.path.join(self.work, "patch")
        with open(patch, "wb") as out:
            out.write(os.urandom(CHANGE))
        run("dd", f"if={patch}", f"of={data}", "bs=1M", "conv=notrunc",
            f"seek={self.size // MIB // 2}", "status=none")

    def _overwrite_rsync(self, data):
        """Puts back what dd has changed."""
        run("rsync", "--inplace", "--no-whole-file", "--ignore-times",
            self.huge, data)

    def _check_count(self, row):
        if self.written[row] < self.changed(row):
            raise RuntimeError(f"{row}: only {self.written[row]} bytes were "
                               "written")

    def _check(self, data):
        """A count of something that was not done is worth nothing."""
        if "overwrite-rsync" in self.rows:
            run("cmp", self.huge, data)

    def about(self, row):
        text = ROWS[row]
        return text % size_text(self.size) if "%s" in text else text

    @staticmethod
    def changed(row):
        """So many bytes."""
        return EDIT if row == "add-stream" else CHANGE

    def ratios(self, row):
        """Speeds, round by round: 1 is as fast as what it is held against."""
        return [against / own for own, against in self.seconds[row]]

    def as_json(self):
        return {
            "bytes": self.size,
            "ratios": {row: {"about": self.about(row), "seconds": pairs,
                             "ratios": self.ratios(row)}
                       for row, pairs in self.seconds.items()},
            "written": {row: {"about": self.about(row), "bytes": count}
                        for row, count in self.written.items()}}
