#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A daemon that runs out of descriptors: errors, and never a hang, wrong
content or half a commit; and all is well once there are some again."""

import errno
import os
import resource
import shutil
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from mountcase import MountCase, bkupfs, main, read, skip_all, write
from nt_records import alternate, record

LIMIT = 64
OBJECTS = 100
NO_MORE = (errno.EMFILE, errno.ENFILE)
LARGE = b"l" * (3 << 20)


def text(number):
    """So much that the daemon keeps the file open to read it."""
    return b"object %d;" % number * 2000


class FewDescriptors(MountCase):
    def setUp(self):
        super().setUp()
        for number in range(OBJECTS):
            self.put(f"F{number}", record(1, 0, text(number))
                     + alternate("a", b"one"))
        self.held = []
        self.addCleanup(self.let_go)

    def mount_few(self, *options, limit=LIMIT):
        return self.mount(*options, wrapper=["prlimit", f"--nofile={limit}"])

    def let_go(self):
        """Closes all; returns the errors of that."""
        errors = []
        while self.held:
            try:
                os.close(self.held.pop())
            except OSError as error:
                errors.append(error.errno)
        return errors

    def hold(self, flags, count=OBJECTS, child="data"):
        """Opens one object after the other; returns how many."""
        for number in range(count):
            try:
                self.held.append(os.open(self.at(f"F{number}", child), flags))
            except OSError as error:
                self.assertIn(error.errno, NO_MORE)
                return number
        return count

    def exhaust(self):
        """Holds objects until not one more can be opened."""
        opened = self.hold(os.O_RDONLY)
        self.assertLess(opened, LIMIT)
        self.assertGreater(opened, LIMIT // 4)
        return opened

    def check_all(self):
        """Everything can be read, one after the other."""
        for number in range(OBJECTS):
            self.assertEqual(read(self.at(f"F{number}", "data")), text(number))

    def test_idle_objects_give_theirs_back(self):
        mount = self.mount_few()
        self.check_all()
        self.run_tool("ls", "-lR", self.point)
        for number in range(OBJECTS):
            write(self.at(f"F{number}", ":a"), b"two")
        self.assertLess(mount.handles(), LIMIT)
        # Half of them at once, though as many others are idle.
        self.assertEqual(self.hold(os.O_RDONLY, LIMIT // 2), LIMIT // 2)

    def test_readers(self):
        self.mount_few()
        opened = self.exhaust()
        for fd, number in zip(self.held, range(opened)):
            self.assertEqual(os.pread(fd, 50000, 0), text(number))
        self.fails(NO_MORE, read, self.at(f"F{OBJECTS - 1}", "data"))
        # What is open can be listed and committed all the same.
        self.assertEqual(len(os.listdir(self.point)), OBJECTS)
        self.run_tool("ls", "-l", self.at("F0"))
        os.unlink(self.at("F0/:a"))
        self.assertEqual(list(self.contents("F0")), [b"data"])
        self.assertEqual(self.let_go(), [])
        self.check_all()
        self.assertEqual(len(os.listdir(self.point)), OBJECTS)

    def test_readers_of_small_files_take_none(self):
        for number in range(OBJECTS):
            self.put(f"F{number}", record(1, 0, b"small %d" % number))
        self.mount_few()
        self.assertEqual(self.hold(os.O_RDONLY), OBJECTS)
        for number, fd in enumerate(self.held):
            self.assertEqual(os.pread(fd, 100, 0), b"small %d" % number)
        self.assertEqual(self.let_go(), [])

    def test_writers(self):
        """What could be staged is committed, whatever else is open."""
        self.mount_few()
        opened = self.hold(os.O_RDWR, LIMIT // 3)
        self.assertEqual(opened, LIMIT // 3)
        written = []
        for fd, number in zip(list(self.held), range(opened)):
            try:
                os.pwrite(fd, b"new", 0)
                written.append(number)
            except OSError as error:
                self.assertIn(error.errno, NO_MORE)
        self.assertLess(len(written), opened)
        self.assertGreater(len(written), LIMIT // 8)
        self.assertEqual(self.let_go(), [])
        for number in range(opened):
            found = self.contents(f"F{number}")
            self.assertEqual(found[b":a"], b"one")
            self.assertEqual(found[b"data"], b"new" + text(number)[3:]
                             if number in written else text(number))
        write(self.at("F0/data"), b"goes on")
        self.assertEqual(self.contents("F0")[b"data"], b"goes on")

    def attempt(self, name, change):
        """Whether a change worked; if not, nothing changed."""
        before = read(self.under(name))
        try:
            change(name)
        except (OSError, shutil.Error) as error:
            self.assertIn(error.errno, NO_MORE)
            self.assertEqual(read(self.under(name)), before)
            return False
        self.contents(name)
        return True

    def test_commits_that_run_out_half_way(self):
        """Whatever step it is that fails, the old version stands."""
        changes = {
            "overwrite": lambda name: write(self.at(name, "data"), b"new"),
            "add": lambda name: write(self.at(name, ":new"), b"n"),
            "large": lambda name: write(self.at(name, ":a"), LARGE),
            "remove": lambda name: os.unlink(self.at(name, ":a")),
            "rename": lambda name: os.rename(self.at(name, "data"),
                                             self.at(name, ":moved")),
            "truncate": lambda name: os.truncate(self.at(name, "data"), 5),
        }
        os.link(self.under("F1"), self.under("linked"))
        # What is put back between two changes is seen at once.
        mount = self.mount("-o", "timeout=0")
        used, worked = mount.handles(), []
        for limit in range(used, used + 20):
            resource.prlimit(mount.process.pid, resource.RLIMIT_NOFILE,
                             (limit, 4096))
            for number in (0, 1):
                for change in changes.values():
                    write(self.under(f"F{number}"), record(1, 0, text(number))
                          + alternate("a", b"one"))
                    worked.append(self.attempt(f"F{number}", change))
        print(f"{sum(worked)} of {len(worked)} changes worked")
        all_of_them = 2 * len(changes)
        self.assertEqual(sum(worked[:all_of_them]), 0)
        self.assertEqual(sum(worked[-all_of_them:]), all_of_them)
        self.assertEqual(os.stat(self.under("F1")).st_nlink, 2)

    def test_signal_keeps_what_was_staged(self):
        mount = self.mount_few()
        fd = os.open(self.at("F99/data"), os.O_RDWR)
        os.pwrite(fd, b"new", 0)
        self.exhaust()
        mount.process.send_signal(signal.SIGTERM)
        self.assertEqual(mount.end(), 0)
        self.fails((errno.ENOTCONN, errno.ECONNABORTED, errno.EIO),
                   os.close, fd)
        self.let_go()
        kept = mount.lines("is kept as")
        self.assertEqual(len(kept), 1, mount.text())
        name = kept[0].split("'")[3]
        self.assertEqual(read(self.under(".bkupfs/scratch", name)),
                         b"new" + text(99)[3:])

    def test_recovery_with_few(self):
        """A mount after a crash needs no more than a mount."""
        mount = self.mount()
        fd = os.open(self.at("F0/data"), os.O_RDWR)
        os.write(fd, b"lost")
        write(self.at("F1/.kept"), b"scratch")
        mount.process.kill()
        mount.process.wait()
        self.mounts.remove(mount)
        self.run_tool("umount", "-l", self.point)
        self.fails((errno.ENOTCONN, errno.ECONNABORTED), os.close, fd)
        self.mount_few(limit=24)
        self.check_all()
        self.assertEqual(read(self.at("F1/.kept")), b"scratch")
        os.unlink(self.at("F1/.kept"))
        self.mounts[-1].stop()
        self.assertNotIn(".bkupfs", os.listdir(self.source))

    def test_too_few_to_mount(self):
        """One line says why, and nothing is mounted."""
        output = os.path.join(self.tmp, "output")
        for limit in range(4, LIMIT):
            with open(output, "wb") as out:
                done = subprocess.run(
                    ["prlimit", f"--nofile={limit}", bkupfs(), "-o", "ro",
                     self.source, self.point], check=False, timeout=60,
                    stdout=out, stderr=out)
            if done.returncode == 0:
                self.run_tool("umount", self.point)
                self.run_tool(bkupfs(), "--wait", self.point)
                return
            self.assertEqual(done.returncode, 2, read(output))
            self.assertEqual(read(output).count(b"\n"), 1, read(output))


if __name__ == "__main__":
    if not shutil.which("prlimit"):
        skip_all("no prlimit")
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(
        resource.RLIMIT_NOFILE)[1]))
    main()
