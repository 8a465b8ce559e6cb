#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Many threads at once, in a few names: no hang, no crash, nothing mixed.

Every content says how long it is and is put in place by renaming, so that
whoever reads a stream must see one whole content, whatever happens around.
"""

import ctypes
import errno
import mmap
import os
import random
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from mountcase import MountCase, main, read, write, write_all
from nt_records import alternate, listing, parse, record

THREADS = 6
OBJECTS = ["A", "B", "C", "d/A", "d/B"]
STREAMS = ["data", "ea", ":x", ":y", ":z"]
# What may honestly happen to somebody whose names others change.
EXPECTED = {errno.ENOENT, errno.EEXIST, errno.ENOTEMPTY, errno.EISDIR,
            errno.ENOTDIR, errno.EXDEV, errno.EINVAL, errno.ESTALE,
            errno.ENODATA, errno.ENXIO, errno.EBUSY}
LIBC = ctypes.CDLL(None, use_errno=True)


def content(rng):
    size = rng.choice([rng.randrange(64), rng.randrange(200000)])
    return (b"%09d " % size * (size // 10 + 1))[:size + 10]


def whole(data):
    return len(data) >= 10 and data == content_of(int(data[:9]))


def content_of(size):
    return (b"%09d " % size * (size // 10 + 1))[:size + 10]


def peek(view):
    """A mapping's bytes; where it has none this is EFAULT, not a SIGBUS."""
    fd = os.memfd_create("peek")
    try:
        write_all(fd, view)
        return os.pread(fd, len(view), 0)
    finally:
        os.close(fd)


class Worker(threading.Thread):
    def __init__(self, case, number, end):
        super().__init__()
        self.case, self.number, self.end = case, number, end
        self.rng = random.Random(number)
        self.faults = []
        self.done = 0

    def object(self):
        return self.case.at(self.rng.choice(OBJECTS))

    def stream(self):
        return os.path.join(self.object(), self.rng.choice(STREAMS))

    def replace(self):
        target = self.stream()
        scratch = os.path.join(os.path.dirname(target), f".t{self.number}")
        write(scratch, content(self.rng))
        os.utime(scratch, ns=(1, 1))
        os.rename(scratch, target)

    def look(self):
        data = read(self.stream())
        if not whole(data):
            self.faults.append(("mixed", len(data), data[:20]))

    def map(self):
        fd = os.open(self.stream(), os.O_RDONLY)
        try:
            with mmap.mmap(fd, 0, mmap.MAP_SHARED, mmap.PROT_READ) as view:
                data = peek(view)
            if not whole(data):
                self.faults.append(("mixed map", len(data), data[:20]))
        except ValueError:
            pass
        finally:
            os.close(fd)

    def list(self):
        path = self.object()
        for name in os.listdir(path):
            os.stat(os.path.join(path, name))

    def remove(self):
        os.unlink(self.stream())

    def rename(self):
        path = self.object()
        one, two = self.rng.sample(STREAMS, 2)
        os.rename(os.path.join(path, one), os.path.join(path, two))

    def rename_object(self):
        one, two = self.object(), self.object()
        flags = self.rng.choice([0, 1, 2])
        if LIBC.renameat2(-100, one.encode(), -100, two.encode(), flags):
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))

    def make(self):
        os.mkdir(self.object())

    def remove_object(self):
        os.rmdir(self.object())

    def metadata(self):
        path = self.rng.choice([self.object(), self.stream()])
        self.rng.choice([
            lambda: os.chmod(path, self.rng.choice([0o600, 0o644])),
            lambda: os.utime(path, (1, self.rng.randrange(10**9))),
            lambda: os.listxattr(path),
            lambda: os.getxattr(path, "user.bkupfs.id"),
            lambda: os.setxattr(path, "user.bkupfs.attributes", b"1")])()

    def hold(self):
        """Reads on while the name goes elsewhere."""
        fd = os.open(self.stream(), os.O_RDONLY)
        try:
            data = os.read(fd, 10)
            time.sleep(self.rng.random() / 100)
            while True:
                more = os.read(fd, 8192)
                data += more
                if not more:
                    break
            if not whole(data):
                self.faults.append(("mixed handle", len(data), data[:20]))
        finally:
            os.close(fd)

    def run(self):
        actions = [self.replace] * 5 + [self.look] * 4 + [
            self.map, self.list, self.remove, self.rename, self.rename_object,
            self.make, self.remove_object, self.metadata, self.hold]
        while time.monotonic() < self.end:
            action = self.rng.choice(actions)
            try:
                action()
                self.done += 1
            except OSError as error:
                if error.errno not in EXPECTED and not (
                        error.errno in (errno.EOPNOTSUPP, errno.EPERM)
                        and action == self.metadata):
                    self.faults.append((action.__name__, error))


class Stress(MountCase):
    def run_workers(self, seconds):
        end = time.monotonic() + seconds
        workers = [Worker(self, number, end) for number in range(THREADS)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(seconds + 60)
        self.assertFalse(any(worker.is_alive() for worker in workers), "hung")
        self.assertEqual([w.faults[:3] for w in workers if w.faults], [])
        print("actions:", sum(worker.done for worker in workers))

    def check_files(self):
        for where, directories, files in os.walk(self.source):
            if ".bkupfs" in directories:
                directories.remove(".bkupfs")
            for name in files:
                data = read(os.path.join(where, name))
                for child, stream in listing(data, parse(data)).items():
                    self.assertTrue(whole(stream.content(data)),
                                    (where, name, child))

    def test_all_at_once(self):
        start = content_of(1000)
        for name in ("A", "B", "C"):
            self.put(name, record(1, 0, start) + alternate("x", start)
                     + alternate("z", start))
        os.mkdir(self.under("d"))
        self.mount()
        self.run_workers(8)
        self.check_files()
        self.remount()
        self.check_files()
        self.run_tool("find", self.point, "-ls")
        self.run_tool("find", self.point, "-mindepth", "1", "-delete")
        self.mounts[-1].stop()
        self.assertEqual(os.listdir(self.source), [])


if __name__ == "__main__":
    main()
