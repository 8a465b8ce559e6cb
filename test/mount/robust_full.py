#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""SOURCE runs full below a live mount, of blocks or of inodes. The error arrives,
the old version stands, what was written can be read, and once there is room
the next close commits it."""

import errno
import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from imagecase import MIB, ImageCase, skip_without_images
from mountcase import PATIENCE, main, read, write, write_all
from nt_records import alternate, record

OBJECT = record(3, 2, b"security") + record(1, 0, b"main" * 5000) \
    + alternate("a", b"one")


class Full(ImageCase):
    def setUp(self):
        super().setUp()
        self.put("F", OBJECT)
        self.put("G", OBJECT)
        self.mount()
        # So that what is made for the first time is there.
        write(self.at("F/:first"), b"1")
        os.unlink(self.at("F/:first"))
        self.check_old()

    def relieve(self):
        os.unlink(self.under("filler"))

    def check_old(self):
        self.assertEqual(read(self.under("F")), OBJECT)
        self.assertEqual(read(self.at("G/data")), b"main" * 5000)

    def check_nothing_left(self):
        self.mounts[-1].stop()
        self.assertNotIn(".bkupfs", os.listdir(self.source))


class Blocks(Full):
    def test_the_next_close_commits(self):
        """Written, refused at close, and committed by the close after it."""
        content = os.urandom(4 * MIB)
        fd = os.open(self.at("F/:b"), os.O_RDWR | os.O_CREAT)
        write_all(fd, content)
        self.fill()
        copy = os.dup(fd)
        self.fails(errno.ENOSPC, os.close, copy)
        self.check_old()
        self.assertEqual(os.pread(fd, len(content), 0), content)
        self.relieve()
        os.close(fd)
        self.assertEqual(self.contents("F")[b":b"], content)
        self.assertEqual(self.contents("F")[b"data"], b"main" * 5000)
        self.check_nothing_left()

    def test_small_edits(self):
        """Each is done, or refused without a trace."""
        fds = [os.open(self.at(name, ":a"), os.O_RDWR) for name in "FG"]
        for fd in fds:
            write_all(fd, b"edited" * 1000)
        self.fill()
        before = {name: read(self.under(name)) for name in "FG"}
        for name, fd in zip("FG", fds):
            copy = os.dup(fd)
            try:
                os.close(copy)
            except OSError as error:
                self.assertEqual(error.errno, errno.ENOSPC)
                self.assertEqual(read(self.under(name)), before[name])
            self.assertEqual(os.pread(fd, 6000, 0), b"edited" * 1000)
        self.relieve()
        for name, fd in zip("FG", fds):
            os.close(fd)
            self.assertEqual(self.contents(name)[b":a"], b"edited" * 1000)
        self.check_nothing_left()

    def test_what_frees_room_works(self):
        self.put("H", record(1, 0, b"h" * (8 * MIB)) + alternate("a", b"one"))
        # The new version is made before the old one goes.
        self.fill(leave=MIB // 4)
        os.truncate(self.at("H/data"), 0)
        self.assertEqual(self.contents("H")[b"data"], b"")
        write(self.at("F/:b"), b"room" * MIB)
        self.assertEqual(self.contents("F")[b":b"], b"room" * MIB)
        self.relieve()
        self.check_nothing_left()

    def test_rsync_says_so(self):
        big = os.path.join(self.tmp, "tree/F")
        os.makedirs(big)
        write(os.path.join(big, "data"), os.urandom(30 * MIB))
        write(os.path.join(big, ":c"), b"small")
        done = subprocess.run(["rsync", "-a", os.path.dirname(big) + "/",
                               self.point], check=False, timeout=PATIENCE,
                              capture_output=True)
        self.assertIn(done.returncode, (11, 23), done.stderr)
        self.assertIn(b"No space left on device", done.stderr)
        self.assertEqual(self.contents("F")[b"data"], b"main" * 5000)
        self.assertEqual([name for name in os.listdir(self.at("F"))
                          if name.startswith(".")], [])
        write(self.at("F/data"), b"goes on")
        self.assertEqual(self.contents("F")[b"data"], b"goes on")
        self.check_nothing_left()


class Inodes(Full):
    mkfs = (*ImageCase.mkfs, "-N", "64")

    def fill(self, leave=0):
        os.mkdir(self.under("filler"))
        number = 0
        try:
            while True:
                write(self.under("filler", str(number)), b"")
                number += 1
        except OSError as error:
            self.assertEqual(error.errno, errno.ENOSPC)

    def relieve(self):
        self.run_tool("rm", "-r", self.under("filler"))

    def test_the_error_arrives(self):
        fd = os.open(self.at("F/:b"), os.O_RDWR | os.O_CREAT)
        write_all(fd, b"staged before")
        self.fill()
        changes = {
            "write": lambda: write(self.at("G/data"), b"new"),
            "add": lambda: write(self.at("G/:new"), b"new"),
            "unlink": lambda: os.unlink(self.at("G/:a")),
            "truncate": lambda: os.truncate(self.at("G/data"), 1),
            "mkdir": lambda: os.mkdir(self.at("new")),
            "scratch": lambda: write(self.at("F/.x"), b"x"),
        }
        for name, change in changes.items():
            with self.subTest(change=name):
                self.fails(errno.ENOSPC, change)
                self.assertEqual(read(self.under("G")), OBJECT)
        # The stage is an inode: it may become the new version itself.
        self.assertEqual(os.pread(fd, 100, 0), b"staged before")
        copy = os.dup(fd)
        try:
            os.close(copy)
        except OSError as error:
            self.assertEqual(error.errno, errno.ENOSPC)
            self.assertEqual(read(self.under("F")), OBJECT)
        self.assertEqual(os.pread(fd, 100, 0), b"staged before")
        self.relieve()
        os.close(fd)
        self.assertEqual(self.contents("F")[b":b"], b"staged before")
        write(self.at("G/data"), b"new")
        self.assertEqual(self.contents("G")[b"data"], b"new")
        self.check_nothing_left()


if __name__ == "__main__":
    skip_without_images()
    main()
