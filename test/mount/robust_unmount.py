#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Unmounted under load, in every way there is: the daemon ends, what was
closed is there, what was not is kept as scratch, and the next mount works."""

import os
import shutil
import signal
import sys
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from clients import GONE, check_files, start_clients, stop_clients
from mountcase import LIBC, MountCase, close_error, main, read, \
    wait_for, write
from nt_records import record

CLIENTS = 8
ENDS_WITHIN = 10
BROKE_OFF = 1
MNT_FORCE = 1
HELD = b"what was written and not closed"


class Unmounts(MountCase):
    def setUp(self):
        super().setUp()
        self.clients = start_clients(self, CLIENTS)
        self.put("held", record(1, 0, b"committed"))
        self.mount()
        for client in self.clients:
            client.start()
        wait_for(lambda: all(c.rounds > 2 for c in self.clients), 30, "load")

    def hold(self):
        """Opens a stream and writes to it."""
        self.held = os.open(self.at("held/data"), os.O_RDWR)
        self.addCleanup(self.let_go)
        os.write(self.held, HELD)

    def let_go(self):
        """What close says, or None."""
        fd, self.held = self.held, None
        return close_error(fd) if fd is not None else None

    def ended(self, mount, status=0):
        """The daemon has ended, and nothing is mounted."""
        began = time.monotonic()
        self.assertEqual(mount.end(), status, mount.text())
        self.assertLess(time.monotonic() - began, ENDS_WITHIN)
        self.assertEqual(mount.count(), 0)
        stop_clients(self, self.clients, GONE)
        check_files(self, self.clients)

    def left_over(self):
        """The names of scratch, and there is nothing else in .bkupfs."""
        found = [os.path.relpath(os.path.join(where, name), self.source)
                 for where, _, names in os.walk(self.under(".bkupfs"))
                 for name in names]
        scratch = ".bkupfs/scratch/"
        self.assertTrue(all(name.startswith(scratch) for name in found), found)
        return [name[len(scratch):] for name in found]

    def check_kept(self, mount):
        """What was staged is scratch, and the log says which."""
        kept = [line.split("'")[3] for line in mount.lines("'held/data'")
                if "is kept as" in line]
        self.assertEqual(len(kept), 1, mount.text())
        self.assertEqual(read(self.under(".bkupfs/scratch", kept[0])), HELD)
        self.assertEqual(self.contents("held")[b"data"], b"committed")

    def check_next(self):
        """The next mount comes at once, and shows all."""
        left = self.left_over()
        began = time.monotonic()
        mount = self.mount()
        self.assertLess(time.monotonic() - began, 2)
        for client in self.clients:
            read(self.at(client.name, "data"))
        for name in left:
            os.unlink(self.at(name))
        write(self.at("held/data"), b"goes on")
        mount.stop()
        self.assertNotIn(".bkupfs", os.listdir(self.source))

    def detach(self, *command):
        """Who has a file open goes on, and what he closes is committed."""
        mount = self.mounts[-1]
        self.hold()
        self.run_tool(*command, self.point)
        stop_clients(self, self.clients, GONE)
        self.assertIsNone(mount.process.poll())
        os.write(self.held, b"; and more")
        self.assertIsNone(self.let_go())
        self.ended(mount)
        self.assertEqual(self.contents("held")[b"data"], HELD + b"; and more")
        self.check_next()

    def test_lazily(self):
        self.detach("umount", "-l")

    @unittest.skipUnless(shutil.which("fusermount3"), "no fusermount3")
    def test_lazily_by_fusermount(self):
        self.detach("fusermount3", "-u", "-z")

    def test_by_signal(self):
        mount = self.mounts[-1]
        self.hold()
        mount.process.send_signal(signal.SIGTERM)
        self.ended(mount)
        self.assertIsNotNone(self.let_go())
        self.check_kept(mount)
        self.check_next()

    def test_by_force(self):
        """The kernel aborts all requests, and may leave the dead mount, which
        the daemon then removes."""
        mount = self.mounts[-1]
        self.hold()
        # Not by umount(8): a child that begins closes what its parent has
        # open, and that would commit it.
        LIBC.umount2(os.fsencode(self.point), MNT_FORCE)
        self.ended(mount, BROKE_OFF)
        self.assertIsNotNone(self.let_go())
        self.check_kept(mount)
        self.check_next()

    def test_by_abort(self):
        control = self.directory("fusectl")
        self.run_tool("mount", "-t", "fusectl", "none", control)
        self.addCleanup(self.run_tool, "umount", control)
        mount = self.mounts[-1]
        self.hold()
        minor = os.minor(os.stat(self.point).st_dev)
        with open(f"{control}/{minor}/abort", "w", encoding="ascii") as abort:
            abort.write("1")
        self.ended(mount, BROKE_OFF)
        self.assertIsNotNone(self.let_go())
        self.assertTrue(mount.lines("broke off"), mount.text())
        self.check_kept(mount)
        self.check_next()


if __name__ == "__main__":
    main()
