#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Other devices below SOURCE: shown, read, and not written to. The mount
itself below SOURCE: an empty directory."""

import errno
import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from mountcase import MountCase, fingerprint, main, read, write
from nt_compare import compare
from nt_records import alternate, record

OBJECT = record(1, 0, b"main") + alternate("a", b"one")
# What shells and people try; $M is what is mounted, $O is not.
CHANGES = [
    "touch $M/F/data", "touch $M/F", "touch $M/new", ": > $M/F/data",
    ": >> $M/F/data", "echo x > $M/F/:new", "echo x > $M/empty/data",
    "mkdir $M/new", "mkdir $M/F/.new", "ln -s x $M/new", "mkfifo $M/new",
    "rm $M/F/data", "rm $M/link", "rmdir $M/empty", "rmdir $M",
    "mv $M/F/data $M/F/ea", "mv -T $M/F $M/new", "mv -T $M/F $O/new",
    "mv -T $O/G $M/new", "mv -T $M $O/new", "chmod 600 $M/F",
    "chmod 700 $M", "chown 1 $M/F/data", "setfattr -n user.x -v y $M/F",
    "setfacl -m u:1:r $M/F/data", "truncate -s 1 $M/F/data",
    "cp $O/G/data $M/F/data",
]


class Devices(MountCase):
    def setUp(self):
        super().setUp()
        self.put("G", OBJECT)
        os.mkdir(self.under("m"))
        self.run_tool("mount", "-t", "tmpfs", "-o", "mode=750", "test",
                      self.under("m"))
        self.addCleanup(self.run_tool, "umount", "-l", self.under("m"))
        self.put("m/F", OBJECT)
        os.mkdir(self.under("m/empty"))
        os.symlink("F", self.under("m/link"))
        self.mount()

    def test_what_is_mounted_is_read(self):
        self.assertEqual(sorted(os.listdir(self.at("m"))),
                         ["F", "empty", "link"])
        self.assertEqual(compare(OBJECT, self.at("m/F")), [])
        self.assertEqual(os.stat(self.at("m")).st_mode & 0o7777, 0o750)
        self.assertEqual(os.readlink(self.at("m/link")), "F")
        # Inodes that have one number on two devices are two.
        found = self.run_tool("find", self.point, "-printf", "%i\n").split()
        self.assertEqual(len(found), 1 + 3 + 1 + 3 + 2)
        self.assertEqual(len(set(found)), len(found))
        fd = os.open(self.at("m/F"), os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(fd)
        os.close(fd)
        # What is changed there by others is seen.
        write(self.under("m/F"), record(1, 0, b"changed"))
        time.sleep(1.2)
        self.assertEqual(read(self.at("m/F/data")), b"changed")

    def test_what_is_mounted_is_not_written(self):
        before = fingerprint(self.under("m/F"))
        names = sorted(os.listdir(self.under("m")))
        for change in CHANGES:
            done = subprocess.run(
                ["bash", "-c", change], capture_output=True, check=False,
                env={**os.environ, "M": self.at("m"), "O": self.point,
                     "LC_ALL": "C"})
            self.assertNotEqual(done.returncode, 0, change)
            self.assertIn(b"Read-only file system", done.stderr, change)
        self.assertEqual(fingerprint(self.under("m/F")), before)
        self.assertEqual(sorted(os.listdir(self.under("m"))), names)
        self.assertEqual(sorted(os.listdir(self.source)), ["G", "m"])
        write(self.at("G/data"), b"written")
        self.assertEqual(self.contents("G")[b"data"], b"written")


class OwnMount(MountCase):
    """With one thread, which would wait for itself for ever."""

    def setUp(self):
        super().setUp()
        self.put("G", OBJECT)
        os.mkdir(self.under("point"))
        write(self.under("point/hidden"), OBJECT)
        self.inner = self.under("point")

    def test_the_mount_is_an_empty_directory(self):
        self.mount("-s", point=self.inner)
        inside = os.path.join(self.inner, "point")
        self.assertEqual(sorted(os.listdir(self.inner)), ["G", "point"])
        self.assertEqual(os.listdir(inside), [])
        self.assertEqual(os.stat(inside).st_mode & 0o777, 0o555)
        for name in ("hidden", "G", "point", "..x"):
            self.fails(errno.ENOENT, os.stat, os.path.join(inside, name))
        self.fails(errno.EROFS, os.mkdir, os.path.join(inside, "new"))
        self.fails(errno.EROFS, write, os.path.join(inside, "data"), b"")
        self.fails(errno.EROFS, os.rmdir, inside)
        self.fails(errno.EROFS, os.chmod, inside, 0o700)
        self.assertEqual(os.listxattr(inside), [])
        self.run_tool("ls", "-laR", self.inner)
        write(os.path.join(self.inner, "G/data"), b"written")
        self.assertEqual(self.contents("G")[b"data"], b"written")

    def test_it_is_so_from_the_first_request_on(self):
        inside = os.path.join(self.inner, "point", "point", "point", "G")
        looker = subprocess.Popen(
            ["bash", "-c", f"while ! [ -e '{self.under('stop')}' ]; do "
                           f"stat '{inside}'; done"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(looker.wait)
        self.addCleanup(looker.kill)
        for _ in range(5):
            mount = self.mount("-s", point=self.inner)
            self.assertEqual(os.listdir(os.path.join(self.inner, "point")), [])
            self.assertEqual(read(os.path.join(self.inner, "G/data")), b"main")
            mount.stop()


if __name__ == "__main__":
    main()
