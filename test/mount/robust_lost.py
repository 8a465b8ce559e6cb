#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""SOURCE is lost below a live mount that is in use: taken away, made
read-only, shut down, or its disk gone. Errors reach the callers, nothing
hangs, and the daemon ends as told."""

import errno
import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from clients import check_files, start_clients, stop_clients
from imagecase import BROKEN, MIB, ImageCase, skip_without_images, \
    write_until_error
from mountcase import close_error, main, read, wait_for, write, write_all
from nt_records import record

CLIENTS = 4
ERRORS = frozenset(("EIO", "EROFS", "EUCLEAN"))


class Lost(ImageCase):
    def setUp(self):
        super().setUp()
        self.clients = start_clients(self, CLIENTS)
        self.put("held", record(1, 0, b"committed"))
        self.big = os.urandom(2 * MIB)
        self.put("big", record(1, 0, self.big))
        # What the daemon does not know yet, nor the page cache.
        self.put("cold", record(1, 0, self.big))
        self.mount()
        self.assertEqual(read(self.at("big/data")), self.big)
        self.held = os.open(self.at("held/data"), os.O_RDWR)
        self.addCleanup(self.let_go)
        os.write(self.held, b"staged")
        for client in self.clients:
            client.start()
        wait_for(lambda: all(c.rounds > 1 for c in self.clients), 30, "load")

    def let_go(self):
        """What close says, or None."""
        fd, self.held = self.held, None
        error = close_error(fd) if fd is not None else None
        return error and error.errno

    def stop_daemon(self):
        """It answers still, and ends."""
        mount = self.mounts[-1]
        os.statvfs(self.point)
        self.assertIsNone(mount.process.poll())
        began = time.monotonic()
        mount.stop()
        self.assertLess(time.monotonic() - began, 20)

    def check_refused(self):
        """Nothing is written any more, and that is said."""
        result = write_until_error(self.at("big/data"), MIB)
        self.assertIsNotNone(result)
        self.assertIn(result[0], BROKEN)
        self.assertIn(self.let_go(), BROKEN)


class TakenAway(Lost):
    """umount -l of SOURCE, and another filesystem mounted in its place."""

    def test_everything_goes_on_where_it_was(self):
        other = self.directory("other")
        # What is told of a file is still of the one that was mounted.
        self.run_tool("mount", "--bind", self.source, other)
        self.run_tool("umount", "-l", self.source)
        self.run_tool("mount", "-t", "tmpfs", "tmpfs", self.source)
        write(self.under("held"), record(1, 0, b"not to be touched"))
        try:
            wait_for(lambda: all(c.rounds > 3 for c in self.clients), 60,
                     "going on")
            self.assertIsNone(self.let_go())
            os.mkdir(self.at("new"))
            write(self.at("new/data"), b"new")
            stop_clients(self, self.clients)
            self.mounts[-1].stop()
            self.assertEqual(os.listdir(self.source), ["held"])
            self.assertEqual(self.contents("held")[b"data"],
                             b"not to be touched")
        finally:
            self.run_tool("umount", "-l", self.source)
            self.run_tool("mount", "--move", other, self.source)
        check_files(self, self.clients)
        self.assertEqual(self.contents("held")[b"data"], b"stagedted")
        self.assertEqual(self.contents("new")[b"data"], b"new")
        self.assertNotIn(".bkupfs", os.listdir(self.source))


class ReadOnly(Lost):
    def test_writes_are_refused_and_reads_go_on(self):
        self.assertIsNone(self.let_go())
        stop_clients(self, self.clients)
        # A daemon that wrote keeps what it wrote open for writing.
        self.remount()
        self.assertEqual(read(self.at("big/data")), self.big)
        self.run_tool("mount", "-o", "remount,ro", self.source)
        for change in (lambda: write(self.at("big/data"), b"new"),
                       lambda: write(self.at("big/:new"), b"new"),
                       lambda: write(self.at("big/.x"), b"new"),
                       lambda: os.unlink(self.at("big/data")),
                       lambda: os.mkdir(self.at("new"))):
            self.fails(errno.EROFS, change)
        self.assertEqual(read(self.at("cold/data")), self.big)
        self.assertEqual(read(self.at("held/data")), b"stagedted")
        self.run_tool("mount", "-o", "remount,rw", self.source)
        write(self.at("held/data"), b"goes on")
        self.stop_daemon()
        self.assertEqual(self.contents("held")[b"data"], b"goes on")
        self.assertNotIn(".bkupfs", os.listdir(self.source))


class ShutDown(Lost):
    """Without a journal; those that have one are below."""

    def test_errors_arrive(self):
        self.shut_down()
        stop_clients(self, self.clients, ERRORS)
        self.check_refused()
        # What is in the cache may be read, nothing else.
        for name in ("big", "cold"):
            try:
                self.assertEqual(read(self.at(name, "data")), self.big)
            except OSError as error:
                self.assertIn(error.errno, BROKEN)
        self.stop_daemon()


class ShutDownWithJournal(ShutDown):
    mkfs = ("mkfs.ext4", "-q", "-m", "0")


class ShutDownXfs(ShutDown):
    size = 320 * MIB
    mkfs = ("mkfs.xfs", "-q")


class GoneDisk(Lost):
    """The disk of SOURCE is a file of a filesystem that is shut down: what
    must come from it, or go to it, is EIO."""

    mkfs = ("mkfs.ext4", "-q", "-m", "0")
    mount_options = ("-o", "loop,errors=remount-ro")

    def image_path(self):
        outer = os.path.join(self.tmp, "outer.image")
        with open(outer, "wb") as file:
            file.truncate(2 * self.size)
        self.disk = self.directory("disk")
        self.run_tool("mkfs.ext4", "-q", outer)
        self.run_tool("mount", "-o", "loop", outer, self.disk)
        self.addCleanup(self.run_tool, "umount", "-l", self.disk)
        return os.path.join(self.disk, "image")

    def test_errors_arrive(self):
        self.run_tool("sync", "-f", self.under("cold"))
        fd = os.open(self.under("cold"), os.O_RDONLY)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(fd)
        self.shut_down(self.disk)
        self.fails(BROKEN, read, self.at("cold/data"))
        with self.assertRaises(OSError) as caught:
            write_all(self.held, b"x" * MIB)
            os.fsync(self.held)
        self.assertIn(caught.exception.errno, BROKEN)
        stop_clients(self, self.clients, ERRORS)
        self.let_go()
        self.stop_daemon()


if __name__ == "__main__":
    skip_without_images()
    main()
