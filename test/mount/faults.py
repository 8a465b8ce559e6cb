#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Sources that fail: the error arrives with its own number, the old stays."""

import errno
import os
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from imagecase import BROKEN, ImageCase, MIB, skip_without_images, \
    write_until_error
from mountcase import MountCase, fingerprint, main, read, write, write_all
from nt_records import alternate, record

OBJECT = record(3, 2, b"security") + record(1, 0, b"main" * 5000) \
    + alternate("a", b"one")


class OnImage(ImageCase):
    def setUp(self):
        super().setUp()
        self.put("F", OBJECT)
        self.put("G", OBJECT)
        self.data = self.at("F/data")


class FullDisk(OnImage):
    def test_the_error_arrives_and_the_old_stands(self):
        self.mount()
        code, step = write_until_error(self.data, 64 * MIB)
        self.assertEqual(errno.errorcode[code], "ENOSPC")
        self.assertIn(step, ("write", "close"))
        self.assertEqual(read(self.under("F")), OBJECT)
        self.assertEqual(read(self.at("G/data")), b"main" * 5000)

    def test_at_close(self):
        """Enough to stage, not enough to commit, or the other way round."""
        self.mount()
        write(self.at("F/:first"), b"makes what must be there")
        before = read(self.under("F"))
        self.fill(leave=6 * MIB)
        result = write_until_error(self.at("F/:big"), 7 * MIB,
                                   os.O_WRONLY | os.O_CREAT)
        self.assertIsNotNone(result)
        self.assertEqual(errno.errorcode[result[0]], "ENOSPC")
        self.assertEqual(read(self.under("F")), before)
        os.unlink(self.under("filler"))
        write(self.at("F/:big"), b"b" * MIB)
        self.assertEqual(self.contents("F")[b":big"], b"b" * MIB)

    def test_staged_bytes_can_still_be_read(self):
        self.mount()
        fd = os.open(self.data, os.O_RDWR | os.O_TRUNC)
        written = 0
        try:
            while True:
                written += os.write(fd, b"s" * 65536)
        except OSError as error:
            self.assertEqual(error.errno, errno.ENOSPC)
        self.assertGreater(written, MIB)
        for at in (0, written // 2, written - 4096):
            self.assertEqual(os.pread(fd, 4096, at), b"s" * 4096)
        try:
            os.close(fd)
        except OSError as error:
            self.assertEqual(error.errno, errno.ENOSPC)
        self.assertEqual(read(self.under("F")), OBJECT)

    def test_nothing_is_left_at_all(self):
        """Not even a control directory can be made."""
        self.fill()
        with open(self.under("small"), "wb", 0) as filler:
            try:
                while True:
                    filler.write(b"x" * 1024)
            except OSError:
                pass
        before = fingerprint(self.under("F"))
        self.mount()
        for path, flags in ((self.data, os.O_WRONLY | os.O_TRUNC),
                            (self.at("F/ea"), os.O_WRONLY | os.O_CREAT)):
            result = write_until_error(path, MIB, flags)
            self.assertIsNotNone(result, path)
            self.assertEqual(errno.errorcode[result[0]], "ENOSPC")
        self.assertEqual(fingerprint(self.under("F"))[-1], before[-1])
        self.assertEqual(read(self.data), b"main" * 5000)

    def test_tools_notice(self):
        self.mount()
        big = os.path.join(self.tmp, "big")
        with open(big, "wb") as file:
            file.write(os.urandom(30 * MIB))
        for command in (["cp", big, self.data],
                        ["dd", f"if={big}", f"of={self.data}", "bs=1M"],
                        ["install", big, self.data],
                        ["rsync", "-a", big, self.data]):
            done = subprocess.run(command, capture_output=True, check=False)
            self.assertNotEqual(done.returncode, 0, command)
            self.assertIn(b"No space left", done.stderr, command)
            if command[0] == "install":
                # install removes its target first, and that is committed.
                self.assertNotIn(b"data", self.contents("F"))
                write(self.data, b"main" * 5000)
                continue
            # dd truncates, and closes a duplicate before it writes: that
            # close has committed the truncation.
            wanted = [b"main" * 5000] + [b""] * (command[0] == "dd")
            self.assertIn(self.contents("F")[b"data"], wanted, command)
            write(self.data, b"main" * 5000)
        self.assertEqual(read(self.under("G")), OBJECT)


class ReadOnly(OnImage):
    def refused(self):
        changes = {
            "write": lambda: write(self.data, b"x"),
            "create": lambda: write(self.at("F/ea"), b"x"),
            "scratch": lambda: write(self.at("F/.x"), b"x"),
            "truncate": lambda: os.truncate(self.data, 1),
            "unlink": lambda: os.unlink(self.data),
            "rename stream": lambda: os.rename(self.data, self.at("F/:x")),
            "rename": lambda: os.rename(self.at("F"), self.at("H")),
            "mkdir": lambda: os.mkdir(self.at("new")),
            "symlink": lambda: os.symlink("x", self.at("new")),
            "rmdir": lambda: os.rmdir(self.at("empty")),
            "chmod": lambda: os.chmod(self.data, 0o600),
            "utime": lambda: os.utime(self.data, (1, 1)),
            "setxattr": lambda: os.setxattr(
                self.data, "user.bkupfs.attributes", b"1"),
        }
        for name, change in changes.items():
            with self.subTest(change=name):
                self.fails(errno.EROFS, change)
        self.assertEqual(read(self.data), b"main" * 5000)
        self.assertEqual(sorted(os.listdir(self.at("F"))),
                         [":a", "data", "security"])

    def test_read_only_source(self):
        os.mkdir(self.under("empty"))
        self.run_tool("mount", "-o", "remount,ro", self.source)
        before = fingerprint(self.under("F"))
        self.mount()
        self.refused()
        self.mounts[-1].stop()
        self.assertEqual(fingerprint(self.under("F")), before)

    def test_read_only_mount(self):
        os.mkdir(self.under("empty"))
        before = fingerprint(self.under("F"))
        self.mount("-o", "ro")
        self.refused()
        self.mounts[-1].stop()
        self.assertEqual(fingerprint(self.under("F")), before)
        self.assertNotIn(".bkupfs", os.listdir(self.source))


class Vanished(OnImage):
    def test_failing_disk(self):
        self.mount()
        fd = os.open(self.data, os.O_WRONLY)
        write_all(fd, b"staged")
        self.shut_down()

        def finish():
            write_all(fd, b"more" * 100000)
            os.fsync(fd)
        self.fails(BROKEN, finish)
        try:
            os.close(fd)
        except OSError as error:
            self.assertIn(error.errno, BROKEN)
        result = write_until_error(self.at("G/data"), MIB)
        self.assertIsNotNone(result)
        self.assertIn(result[0], BROKEN)
        self.assertIsNone(self.mounts[-1].process.poll())
        self.mounts[-1].stop()

    def test_lazily_unmounted_source(self):
        """The daemon holds it: everything works on."""
        self.mount()
        self.run_tool("umount", "-l", self.source)
        self.assertEqual(os.listdir(self.source), [])
        write(self.data, b"written")
        self.assertEqual(read(self.data), b"written")
        self.assertEqual(read(self.at("G/data")), b"main" * 5000)


class Removed(MountCase):
    def test_removed_source(self):
        self.put("F", OBJECT)
        self.mount()
        fd = os.open(self.at("F/data"), os.O_RDWR)
        write_all(fd, b"staged")
        shutil.rmtree(self.source)
        with self.assertRaises(OSError) as caught:
            os.close(fd)
        self.assertIn(caught.exception.errno,
                      (errno.ENOENT, errno.ESTALE))
        self.fails((errno.ENOENT, errno.ESTALE), os.mkdir, self.at("new"))
        self.assertEqual(os.listdir(self.point), [])
        self.assertIsNone(self.mounts[-1].process.poll())
        self.mounts[-1].stop()

    def test_removed_object(self):
        """What somebody is writing to is gone: he learns it."""
        self.put("F", OBJECT)
        self.put("G", OBJECT)
        self.mount()
        fd = os.open(self.at("F/data"), os.O_RDWR)
        write_all(fd, b"staged")
        os.unlink(self.under("F"))
        with self.assertRaises(OSError) as caught:
            os.close(fd)
        self.assertIn(caught.exception.errno,
                      (errno.ENOENT, errno.ESTALE))
        self.assertFalse(os.path.exists(self.under("F")))
        write(self.at("G/data"), b"goes on")
        self.assertEqual(self.contents("G")[b"data"], b"goes on")


if __name__ == "__main__":
    skip_without_images()
    main()
