#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A mount walked over 10^6 small objects stays under 512 MiB."""

import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

import mountcase
from mountcase import SANITIZED, MountCase, main, skip_all
from nt_records import record

DIRECTORIES, EACH = 1000, 1000
OBJECT = record(3, 2, b"security") + record(1, 0, b"data")
MIB = 1 << 20
MEMORY_MAX = 512 * MIB
# What the files take, in bytes and in memory of the kernel, and more.
ROOM, MEMORY = 6 << 30, 10 << 30
# The daemon has much to do.
mountcase.PATIENCE = 1200


def available_memory():
    with open("/proc/meminfo", encoding="ascii") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines
                    if line.startswith("MemAvailable:"))


def has_room(path):
    st = os.statvfs(path)
    # A filesystem may have no limit of inodes.
    return st.f_bavail * st.f_frsize > ROOM and (
        not st.f_files or st.f_favail > 2 * DIRECTORIES * EACH)


def find_room():
    """Where the files go: to memory, where there is enough of it."""
    if available_memory() < MEMORY:
        skip_all(f"{MEMORY >> 30} GiB of memory are needed")
    for path in ("/dev/shm", tempfile.gettempdir()):
        if os.path.isdir(path) and has_room(path):
            return path
    return skip_all("no room for 10^6 files")


def make(source, numbers):
    for number in numbers:
        path = os.path.join(source, f"d{number:04}")
        os.mkdir(path)
        directory = os.open(path, os.O_RDONLY)
        for n in range(EACH):
            fd = os.open(f"file{n:06}.txt", os.O_WRONLY | os.O_CREAT, 0o644,
                         dir_fd=directory)
            os.write(fd, OBJECT)
            os.close(fd)
        os.close(directory)


def in_two(work):
    """Two processes do a half each."""
    children = []
    for half in (0, 1):
        child = os.fork()
        if not child:
            try:
                work(range(half, DIRECTORIES, 2))
                os._exit(0)
            finally:
                os._exit(1)
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            for child in children]


class Million(MountCase):
    def setUp(self):
        room = find_room()
        super().setUp()
        self.source = tempfile.mkdtemp(prefix="bkupfs-test.", dir=room)
        self.addCleanup(shutil.rmtree, self.source, ignore_errors=True)
        # The mount goes first.
        self.addCleanup(self._clean)

    def walk(self):
        """Looks at everything; returns how many entries there are."""
        walkers = [subprocess.Popen(
            ["sh", "-c", f"find d???[{digits}] -printf '%s\\n' | wc -l"],
            cwd=self.point, stdout=subprocess.PIPE)
            for digits in ("02468", "13579")]
        return sum(int(walker.communicate()[0]) for walker in walkers)

    def test_memory(self):
        start = time.monotonic()
        self.assertEqual(in_two(lambda half: make(self.source, half)), [0, 0])
        made = time.monotonic()
        mount = self.mount()
        before = mount.peak_memory()
        objects = DIRECTORIES * EACH
        self.assertEqual(self.walk(), DIRECTORIES + 3 * objects)
        peak = mount.peak_memory()
        print(f"made in {made - start:.0f} s, walked in "
              f"{time.monotonic() - made:.0f} s: {peak / MIB:.0f} MiB, "
              f"{(peak - before) / objects:.0f} bytes an object")
        self.assertLess(peak, MEMORY_MAX)


if __name__ == "__main__":
    if SANITIZED:
        skip_all("the limit of memory is not for sanitizers")
    main()
