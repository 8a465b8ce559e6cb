#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The clock jumps by years, forth and back, below a live mount.

A library that is preloaded shifts the daemon's time of day, so that the
machine's clock stays as it is.
"""

import os
import struct
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from mountcase import MountCase, bkupfs, main, read, skip_all, write
from nt_records import alternate, record

YEAR = 365 * 86400
JUMPS = (0, 30 * YEAR, -30 * YEAR, 100 * YEAR, -60 * YEAR, 1)
SHIM = os.environ.get("CLOCK_SHIM", "")


def sanitizers():
    """The libraries that must be loaded before any other."""
    listed = subprocess.run(["ldd", bkupfs()], check=True,
                            capture_output=True, text=True).stdout
    return [line.split()[2] for line in listed.splitlines()
            if "libasan" in line or "libtsan" in line]


class Clock(MountCase):
    def setUp(self):
        super().setUp()
        self.offset = os.path.join(self.tmp, "offset")
        self.jump(0)
        self.put("F", record(1, 0, b"first") + alternate("a", b"one"))

    def jump(self, seconds):
        """The daemon's time of day is off by so much from now on."""
        fd = os.open(self.offset, os.O_WRONLY | os.O_CREAT)
        os.pwrite(fd, struct.pack("q", seconds), 0)
        os.close(fd)

    def mount_shifted(self, *options):
        return self.mount(*options, environment={
            "CLOCK_SHIM_FILE": self.offset,
            "LD_PRELOAD": ":".join([*sanitizers(), SHIM])})

    def about_now(self, path, offset):
        """The file has the time of the clock that jumped."""
        age = time.time() + offset - os.stat(path).st_mtime
        self.assertTrue(-2 < age < 20, (path, offset, age))

    def test_caches_expire_after_jumps(self):
        self.mount_shifted("-o", "timeout=0.2")
        for number, offset in enumerate(JUMPS):
            with self.subTest(offset=offset):
                read(self.at("F/data"))
                text = b"text %d" % number
                self.jump(offset)
                write(self.under("new"), record(1, 0, text))
                os.rename(self.under("new"), self.under("F"))
                time.sleep(0.6)
                self.assertEqual(read(self.at("F/data")), text)

    def test_times_are_those_of_the_clock(self):
        mount = self.mount_shifted()
        for number, offset in enumerate(JUMPS):
            with self.subTest(offset=offset):
                self.jump(offset)
                write(self.at("F/data"), b"written %d" % number)
                self.about_now(self.at("F/data"), offset)
                self.about_now(self.under("F"), offset)
                os.utime(self.at("F/:a"))
                write(self.at("F/.x"), b"scratch")
                os.rename(self.at("F/.x"), self.at("F/:b"))
                self.assertEqual(read(self.at("F/:b")), b"scratch")
                self.assertEqual(read(self.at("F/data")),
                                 b"written %d" % number)
        before = {child: os.stat(self.at("F", child)).st_mtime_ns
                  for child in os.listdir(self.at("F"))}
        mount.stop()
        # Of another mount, and another time.
        self.jump(0)
        self.mount_shifted()
        self.assertEqual(
            before, {child: os.stat(self.at("F", child)).st_mtime_ns
                     for child in os.listdir(self.at("F"))})

    def test_nothing_waits_for_a_clock_that_went_back(self):
        """A writer waits for another one's release, but a moment only."""
        self.mount_shifted()
        for offset in JUMPS:
            with self.subTest(offset=offset):
                self.jump(offset)
                writer = os.open(self.at("F/data"), os.O_WRONLY)
                reader = os.open(self.at("F/data"), os.O_RDONLY)
                os.write(writer, b"x")
                # It may have closed: that flushes.
                os.close(os.dup(writer))
                other = threading.Thread(target=write, daemon=True, args=(
                    self.at("F/data"), b"other"))
                other.start()
                other.join(10)
                hung = other.is_alive()
                os.close(writer)
                os.close(reader)
                self.assertFalse(hung)

    def test_names_are_not_used_again(self):
        """What an earlier mount left stands, whatever time that was."""
        self.mount_shifted()
        for offset in (0, -YEAR, 0):
            self.jump(offset)
            fd = os.open(self.at("F/data"), os.O_RDWR)
            os.write(fd, b"held")
            self.mounts[-1].process.terminate()
            self.mounts[-1].end()
            try:
                os.close(fd)
            except OSError:
                pass
            self.mount_shifted()
        kept = [name for name in os.listdir(self.at("F"))
                if name.startswith(".data.stage-")]
        self.assertEqual(len(kept), 3)
        for name in kept:
            self.assertEqual(read(self.at("F", name)), b"heldt")
            os.unlink(self.at("F", name))


class OldAndNewFiles(MountCase):
    def test_times_before_1970_and_in_the_future(self):
        for name, seconds in (("old", -86400 * 3000), ("new", 100 * YEAR)):
            self.put(name, record(1, 0, b"text") + alternate("a", b"one"))
            times = (seconds * 10**9 + 1, seconds * 10**9 + 123456789)
            os.utime(self.under(name), ns=times)
            self.mount()
            self.assertEqual(os.stat(self.at(name, "data")).st_mtime_ns,
                             times[1])
            write(self.at(name, ":a"), b"changed")
            os.utime(self.at(name, ":a"), ns=times)
            self.assertEqual(os.stat(self.at(name, "data")).st_mtime_ns,
                             times[1])
            self.mounts[-1].stop()
            self.mount()
            for child in ("data", ":a"):
                self.assertEqual(os.stat(self.at(name, child)).st_mtime_ns,
                                 times[1], child)
            self.mounts[-1].stop()

    def test_a_change_that_hides_is_seen(self):
        """The same size, and a time that was set back."""
        path = self.put("F", record(1, 0, b"a" * 100000))
        before = os.stat(path)
        self.mount("-o", "timeout=0.2")
        self.assertEqual(read(self.at("F/data")), b"a" * 100000)
        for text in (b"b", b"c"):
            with open(path, "r+b") as file:
                file.write(record(1, 0, text * 100000))
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
            time.sleep(0.5)
            self.assertEqual(read(self.at("F/data")), text * 100000)
            self.assertEqual(os.stat(path).st_size, before.st_size)


if __name__ == "__main__":
    if not os.path.exists(SHIM):
        skip_all("CLOCK_SHIM names no library")
    main()
