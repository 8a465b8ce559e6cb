#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A hundred thousand open handles: memory stays in bounds, all read, and
nothing of them is left once they are closed."""

import os
import resource
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from mountcase import SANITIZED, MountCase, end_with_parent, main, \
    read, wait_for, write
from nt_records import alternate, record

HANDLES = int(os.environ.get("ROBUST_HANDLES", "100000"))
STREAMS = 10
OBJECTS = HANDLES // STREAMS
# What a process may have, the daemon too, and what each holds of handles.
DESCRIPTORS = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
SHARE = min(HANDLES, DESCRIPTORS - 100)
# Bytes of the daemon for each handle, and for each object that is open.
# Sanitizers pad what is allocated, shadow it, and keep what is freed.
PER_HANDLE = 400
PER_OBJECT = 8000
BASE = 16 << 20
SLACK = 8 if SANITIZED else 1
# Objects that stay cached when nobody uses them, each with a descriptor.
CACHED = 4096


def memory(pid):
    """Resident bytes that are not a file's."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status
                    if line.startswith("RssAnon:"))


class Holder:
    """A process that opens paths, and holds them until it is to end.

    check: called with its descriptors, and the number of the first.
    """

    def __init__(self, first, paths, flags, check):
        self.answer, answer = os.pipe()
        order, self.order = os.pipe()
        self.pid = os.fork()
        if self.pid:
            os.close(answer)
            os.close(order)
            return
        try:
            end_with_parent()
            os.close(self.order)
            held = [os.open(path, flags) for path in paths]
            check(held, first)
            os.write(answer, b"1")
            os.read(order, 1)
            os._exit(0)
        except BaseException as fault:
            print(f"holder: {fault!r}", flush=True)
            os._exit(1)

    def ready(self):
        os.read(self.answer, 1)

    def end(self):
        """Its exit status."""
        os.close(self.order)
        os.close(self.answer)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class Handles(MountCase):
    def setUp(self):
        super().setUp()
        self.holders = []
        self.addCleanup(self.let_go)

    def start(self):
        self.daemon = self.mount()
        os.listdir(self.point)
        self.before = memory(self.daemon.process.pid)
        self.descriptors = self.daemon.handles()
        self.began = time.monotonic()

    def hold(self, paths, check, flags=os.O_RDONLY):
        """Opens them in as many processes as it takes, one after the other."""
        for first in range(0, len(paths), SHARE):
            holder = Holder(first, paths[first:first + SHARE], flags, check)
            self.holders.append(holder)
            holder.ready()

    def let_go(self):
        # Each holds the ends of pipes of those before it.
        statuses = [holder.end() for holder in reversed(self.holders)]
        self.holders.clear()
        self.assertEqual(set(statuses) - {0}, set())

    def check(self, what, objects):
        """With all of them open."""
        used = memory(self.daemon.process.pid) - self.before
        bound = HANDLES * PER_HANDLE + objects * PER_OBJECT + BASE
        print(f"{what}: {used / HANDLES:.0f} bytes of the daemon each, "
              f"{self.daemon.handles()} descriptors, "
              f"{time.monotonic() - self.began:.1f} s")
        self.assertLess(used, SLACK * bound)
        self.assertLess(self.daemon.handles(), objects + 100)

    def check_closed(self, objects):
        """Releases are on their way when close returns."""
        self.let_go()
        wait_for(lambda: self.daemon.handles() <= self.descriptors
                 + min(objects, CACHED), 30, "descriptors")
        write(self.at("F0/data"), b"goes on")
        self.assertEqual(self.contents("F0")[b"data"], b"goes on")
        self.daemon.stop()

    def test_of_one_stream(self):
        self.put("F0", record(1, 0, b"text"))
        self.start()

        def read_some(held, _first):
            for fd in held[::1000]:
                self.assertEqual(os.pread(fd, 10, 0), b"text")
        self.hold([self.at("F0/data")] * HANDLES, read_some)
        self.check("one stream", 1)
        self.check_closed(1)

    def test_of_many_streams(self):
        if DESCRIPTORS < OBJECTS + 1000:
            self.skipTest(f"a daemon may have {DESCRIPTORS} descriptors only")
        for number in range(OBJECTS):
            write(self.under(f"F{number}"), record(1, 0, b"%d" % number)
                  + b"".join(alternate(str(stream), b"%d" % stream)
                             for stream in range(STREAMS - 1)))
        self.start()
        children = ["data"] + [f":{n}" for n in range(STREAMS - 1)]
        paths = [self.at(f"F{number}", child) for number in range(OBJECTS)
                 for child in children]

        def read_some(held, first):
            for at in range(-first % STREAMS, len(held), 100 * STREAMS):
                self.assertEqual(os.pread(held[at], 10, 0),
                                 b"%d" % ((first + at) // STREAMS))
        self.hold(paths, read_some)
        self.check("many streams", OBJECTS)
        self.check_closed(OBJECTS)

    def test_of_directories(self):
        self.put("F0", record(1, 0, b"text"))
        os.mkdir(self.under("plain"))
        self.start()

        def list_some(held, first):
            for at in range(0, len(held), 999):
                self.assertEqual(os.listdir(held[at]),
                                 ["data"] if (first + at) % 2 else [])
        self.hold([self.at("plain"), self.at("F0")] * (HANDLES // 2),
                  list_some, os.O_RDONLY | os.O_DIRECTORY)
        self.check("directories", 1)
        self.check_closed(1)
        self.assertEqual(read(self.under("F0"))[-7:], b"goes on")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    main()
