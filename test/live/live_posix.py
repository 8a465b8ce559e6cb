#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Files of Linux, carried as streams of Windows and back: owner, mode, ACLs,
attributes, holes, symlinks and special files are what they were."""

import ctypes
import errno
import itertools
import os
import random
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from journey import JourneyCase, bkup, run
from mountcase import mount_points, run_cases, skip_all

MIB = 1 << 20
OLD = 1_000_000_000
MKFS = {"ext4": ("mkfs.ext4", "-q"), "xfs": ("mkfs.xfs", "-q"),
        "btrfs": ("mkfs.btrfs", "-q"), "tmpfs": None}


def populate(top):
    def path(*names):
        return os.path.join(top, *names)

    def write(name, data=b""):
        with open(path(name), "wb") as file:
            file.write(data)
    write("plain", b"plain")
    write("empty")
    write("mode", b"m")
    os.chmod(path("mode"), 0o604)
    os.chown(path("mode"), 1234, 4321)
    write("acl", b"a")
    run("setfacl", "-m", "u:1000:rw,u:7:-,g:5:r,m:rx", path("acl"))
    os.mkdir(path("directory"))
    run("setfacl", "-d", "-m", "u:1000:rwx,g:9:x", path("directory"))
    os.setxattr(path("directory"), "user.of a directory", b"value")
    os.mkdir(path("directory", "deeper"))
    write("directory/deeper/file", b"x" * 100000)
    write("attributes")
    for name, value in (("user.small", b"1"), ("user.empty", b""),
                        ("user.m\u00fctze", bytes(range(256)))):
        os.setxattr(path("attributes"), name, value)
    with open(path("holes"), "wb") as file:
        for at in (0, 3 * MIB, 9 * MIB):
            file.seek(at)
            file.write(random.Random(at).randbytes(70000))
        file.truncate(16 * MIB)
    write("random", random.Random(1).randbytes(3 * MIB + 17))
    os.symlink("plain", path("link"))
    os.symlink("../a/b\\c: \u00e4", path("odd link"))
    os.symlink("/absolute/target", path("absolute link"))
    os.mkfifo(path("fifo"), 0o640)
    os.mknod(path("device"), stat.S_IFCHR | 0o600, os.makedev(5, 77))
    os.mknod(path("block"), stat.S_IFBLK | 0o660, os.makedev(7, 1234))
    write(".streams", b"a name of ours")
    write("%.streams", b"another one")
    write("r\u00e4ksm\u00f6rg\u00e5s", b"utf-8")
    for where, dirs, files in os.walk(top, topdown=False):
        for name in (*files, *dirs, "."):
            os.utime(os.path.join(where, name), (OLD, OLD + len(name)),
                     follow_symlinks=False)


def tell(*command, cwd):
    return subprocess.run(command, cwd=cwd, capture_output=True, check=False,
                          env={**os.environ, "LC_ALL": "C"},
                          timeout=60).stdout.decode(errors="surrogateescape")


def observe(top):
    """What find, getfacl and getfattr say; where holes are is du's."""
    found = tell("find", ".", "-printf",
                 "%p %y %l %m %U %G %T@ %s\n", cwd=top).split("\n")
    sizes = {line for line in found if line.split(" ")[1:2] != ["d"]}
    found = {" ".join(line.split(" ")[:-1]) for line in found} | sizes
    return (sorted(line for line in found if " d " not in line or
                   line.endswith(".0000000000")),
            sorted(tell("getfacl", "-Rnp", ".", cwd=top).split("\n\n")),
            sorted(tell("getfattr", "-Rhd", "-m", "user|trusted", ".",
                        cwd=top).split("\n\n")))


class Posix:
    """On one filesystem; type is set by its kind."""

    type = None

    def setUp(self):
        super().setUp()
        self.place = self.at("place")
        os.mkdir(self.place)
        self.make()
        self.source, self.target = (os.path.join(self.place, name)
                                    for name in ("source", "target"))
        os.mkdir(self.source)
        os.mkdir(self.target)
        populate(self.source)

    def make(self):
        mkfs = MKFS[self.type]
        if mkfs is None:
            run("mount", "-t", "tmpfs", "none", self.place)
        else:
            if not shutil.which(mkfs[0]):
                self.skipTest(f"no {mkfs[0]}")
            # Not where changes are looked for: it is written to at any time.
            images = tempfile.mkdtemp(prefix="bkupfs-image.")
            self.addCleanup(shutil.rmtree, images)
            path = os.path.join(images, "image")
            with open(path, "wb") as image:
                image.truncate(512 * MIB)
            run(*mkfs, path)
            done = subprocess.run(
                ["mount", "-o", "loop", path, self.place],
                check=False, capture_output=True)
            if done.returncode:
                self.skipTest(f"cannot mount {self.type}: {done.stderr}")
        self.addCleanup(self.unmake)

    def unmake(self):
        if any(path == self.place for path, _ in mount_points()):
            run("umount", "-l", self.place)

    def check(self):
        run("diff", "-r", "--no-dereference", "-x", "fifo", "-x", "device",
            "-x", "block", self.source, self.target)
        for one, other in zip(observe(self.source), observe(self.target)):
            self.assertEqual(one, other)
        # What is not written yet has no blocks, or more than it needs.
        os.sync()
        for name in ("holes", "random"):
            one, other = (os.stat(os.path.join(top, name)).st_blocks
                          for top in (self.source, self.target))
            # A filesystem may take more at first than it needs.
            self.assertLess(abs(one - other), 1024, name)

    def test_by_rsync_through_mounts(self):
        self.by_rsync(self.source, self.target)
        self.check()

    def test_by_capture_and_restore(self):
        os.link(os.path.join(self.source, "acl"),
                os.path.join(self.source, "directory", "acl too"))
        self.by_bkup(self.source, self.target)
        self.check()
        one, other = (os.stat(os.path.join(self.target, name)) for name in
                      ("acl", "directory/acl too"))
        self.assertEqual((one.st_ino, one.st_nlink), (other.st_ino, 2))

    def test_hostile_descriptors_are_told(self):
        """What mode and ACL cannot express is an error, and nothing else."""
        mount = self.mount(self.target, "in")
        os.mkdir(mount.point + "/file")
        with open(mount.point + "/file/data", "wb") as file:
            file.write(b"content")
        with open(mount.point + "/file/.view/security.sddl", "rb") as file:
            before = file.read()
        fd = os.open(mount.point + "/file/.view/security.sddl",
                     os.O_WRONLY | os.O_TRUNC)
        os.write(fd, b"O:BAG:BAD:(D;;FA;;;WD)\n")
        with self.assertRaises(OSError):
            os.close(fd)
        with open(mount.point + "/file/.view/security.sddl", "rb") as file:
            self.assertEqual(file.read(), before)
        self.assertEqual(os.listdir(mount.point + "/file").count("data"), 1)
        with self.assertRaises(OSError):
            with open(mount.point + "/file/:stream", "wb") as file:
                file.write(b"no place for it")
        mount.stop()
        with open(os.path.join(self.target, "file"), "rb") as file:
            self.assertEqual(file.read(), b"content")


class Names(JourneyCase):
    """Two names of one file are two names of one object."""

    def setUp(self):
        super().setUp()
        os.mkdir(self.at("source"))
        with open(self.at("source", "a"), "wb") as file:
            file.write(b"content")
        os.setxattr(self.at("source", "a"), "user.x", b"1")
        os.link(self.at("source", "a"), self.at("source", "b"))
        self.mounted = self.mount(self.at("source"), "m", "timeout=3600")

    def shown(self, *names):
        return os.path.join(self.mounted.point, *names)

    def read(self, *names):
        with open(self.shown(*names), "rb") as file:
            return file.read()

    def write(self, *names, data):
        with open(self.shown(*names), "wb") as file:
            file.write(data)

    def stats(self, name):
        found = {child: os.stat(self.shown(name, child))
                 for child in os.listdir(self.shown(name))}
        return {child: (st.st_ino, st.st_size, st.st_mtime_ns)
                for child, st in found.items()}

    def test_what_is_changed_by_one_is_seen_by_the_other(self):
        self.assertEqual(sorted(os.listdir(self.shown("b"))),
                         ["basic_info", "data", "ea", "security"])
        self.assertEqual(self.stats("a"), self.stats("b"))
        self.assertEqual(os.stat(self.shown("a")).st_ino,
                         os.stat(self.shown("b")).st_ino)
        self.write("a", "data", data=b"longer than it was")
        self.assertEqual(self.stats("a"), self.stats("b"))
        self.assertEqual(self.read("b", "data"), b"longer than it was")
        self.write("b", ".view", "ea.json",
                   data=self.read("a", ".view", "ea.json")
                   .replace(b'"x"', b'"another"'))
        self.assertEqual(os.listxattr(self.at("source", "a")),
                         ["user.another"])
        self.assertEqual(self.stats("a"), self.stats("b"))
        self.assertEqual(self.read("a", "ea"), self.read("b", "ea"))
        os.truncate(self.shown("b", "data"), 3)
        self.assertEqual(self.stats("a"), self.stats("b"))
        self.assertEqual(self.read("a", "data"), b"lon")

    def test_writers_by_both(self):
        with open(self.shown("a", "data"), "r+b", buffering=0) as one, \
                open(self.shown("b", "data"), "r+b", buffering=0) as other:
            one.write(b"CON")
            other.seek(5)
            other.write(b"NT")
            self.assertEqual(os.pread(one.fileno(), 9, 0), b"CONteNT")
        self.assertEqual(self.read("a", "data"), b"CONteNT")
        self.assertEqual(self.read("b", "data"), b"CONteNT")

    def test_writers_at_once(self):
        """What one does is no error for the other, nor for who looks on."""
        ended = time.monotonic() + 1
        failed = []

        def go_on(act):
            try:
                while time.monotonic() < ended:
                    act()
            except OSError as error:
                failed.append(error)

        def read():
            for child in os.listdir(self.shown("a")):
                self.read("a", child)
        with open(self.shown("a", "data"), "r+b", buffering=0) as one:
            sizes = itertools.cycle(range(1, 99999, 3331))
            threads = [
                threading.Thread(target=go_on, args=(act,)) for act in
                (lambda: os.truncate(one.fileno(), next(sizes)),
                 lambda: self.write("b", "data", data=b"written"), read)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertEqual(failed, [])
        self.assertNotIn("'a/", self.mounted.text())
        self.assertNotIn("'b/", self.mounted.text())

    def test_to_remove_one_keeps_the_other(self):
        run("rm", "-r", self.shown("a"))
        self.assertEqual(os.listdir(self.at("source")), ["b"])
        self.assertEqual(sorted(os.listdir(self.shown("b"))),
                         ["basic_info", "data", "ea", "security"])
        self.assertEqual(self.read("b", "data"), b"content")
        self.assertEqual(os.getxattr(self.at("source", "b"), "user.x"), b"1")
        run("rm", "-r", self.shown("b"))
        self.assertEqual(os.listdir(self.at("source")), [])

    def test_rsync_removes_one(self):
        os.makedirs(self.at("plain", "b"))
        done = subprocess.run(
            ["rsync", "-r", "--delete", "--existing", self.at("plain") + "/",
             self.mounted.point + "/", "--exclude=/b"],
            capture_output=True, check=False, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(os.listdir(self.at("source")), ["b"])
        self.assertEqual(self.read("b", "data"), b"content")

    def test_a_stream_of_both_is_not_removed(self):
        for child in ("data", "ea"):
            with self.assertRaises(PermissionError):
                os.unlink(self.shown("a", child))
        self.assertEqual(self.read("a", "data"), b"content")
        self.assertIn("'a/data' is not removed: the file has other names",
                      self.mounted.text())
        os.unlink(self.at("source", "b"))
        os.unlink(self.shown("a", "ea"))
        self.assertEqual(os.listxattr(self.at("source", "a")), [])


class Editing(JourneyCase):
    def test_a_file_through_a_mount(self):
        os.mkdir(self.at("source"))
        with open(self.at("source", "f"), "wb") as file:
            file.write(b"first line\n")
        inode = os.stat(self.at("source", "f")).st_ino
        mount = self.mount(self.at("source"), "m")
        data = mount.point + "/f/data"
        with open(data, "ab") as file:
            file.write(b"second line\n")
        with open(data, "r+b") as file:
            file.write(b"FIRST")
            file.flush()
            with open(self.at("source", "f"), "rb") as underlying:
                self.assertEqual(underlying.read(),
                                 b"FIRST line\nsecond line\n")
        os.truncate(data, 5)
        run("sed", "-i", "s/FIRST/changed/", data)
        with open(self.at("source", "f"), "rb") as underlying:
            self.assertEqual(underlying.read(), b"changed")
        self.assertEqual(os.stat(self.at("source", "f")).st_ino, inode)
        self.assertEqual(os.getxattr(mount.point + "/f",
                                     "user.bkupfs.profile"), b"posix")
        run("cp", "-r", mount.point + "/f", mount.point + "/copy")
        with open(self.at("source", "copy"), "rb") as copied:
            self.assertEqual(copied.read(), b"changed")
        os.mkdir(mount.point + "/third")
        with open(mount.point + "/f/.view/backup", "rb") as source, \
                open(mount.point + "/third/.view/backup", "wb") as target:
            shutil.copyfileobj(source, target)
        with open(self.at("source", "third"), "rb") as copied:
            self.assertEqual(copied.read(), b"changed")
        run("rm", "-r", mount.point + "/f")
        self.assertEqual(sorted(os.listdir(self.at("source"))),
                         [".bkupfs", "copy", "third"])
        mount.stop()
        self.assertEqual(sorted(os.listdir(self.at("source"))),
                         ["copy", "third"])

    def test_streams_are_moved_as_copies(self):
        os.mkdir(self.at("source"))
        with open(self.at("source", "f"), "wb"):
            pass
        mount = self.mount(self.at("source"), "m", "profile=samba")
        with open(mount.point + "/f/:one", "wb") as file:
            file.write(b"stream")
        with self.assertRaises(OSError) as caught:
            os.rename(mount.point + "/f/:one", mount.point + "/f/:two")
        self.assertEqual(caught.exception.errno, errno.EXDEV)
        run("mv", mount.point + "/f/:one", mount.point + "/f/:two")
        mount.stop()
        self.assertEqual(
            {name: os.getxattr(self.at("source", "f"), name)
             for name in os.listxattr(self.at("source", "f"))
             if name.startswith("user.DosStream.")},
            {"user.DosStream.two:$DATA": b"stream\0"})

    def test_set_id_bits_go_when_it_is_written(self):
        os.mkdir(self.at("source"))
        for name in ("a", "b", "c", "d"):
            with open(self.at("source", name), "wb") as file:
                file.write(b"program")
            os.chmod(self.at("source", name), 0o6755)
        mount = self.mount(self.at("source"), "m")
        with open(mount.point + "/a/data", "r+b"):
            pass
        with open(mount.point + "/b/data", "r+b") as file:
            file.write(b"PROGRAM")
        os.truncate(mount.point + "/c/data", 3)
        with open(mount.point + "/d/.data.new", "wb") as file:
            file.write(b"another program")
        os.rename(mount.point + "/d/.data.new", mount.point + "/d/data")
        mount.stop()
        self.assertEqual(
            [oct(os.stat(self.at("source", name)).st_mode & 0o7777)
             for name in ("a", "b", "c", "d")],
            ["0o6755", "0o755", "0o755", "0o755"])

    def test_what_is_captured_is_what_is_shown(self):
        os.mkdir(self.at("source"))
        populate(self.at("source"))
        mount = self.mount(self.at("source"), "m", "ro")
        run(bkup(), "capture", "-r", self.at("source"), self.at("backup"))
        for where, _, names in os.walk(self.at("backup")):
            for name in names:
                path = os.path.join(where, name)
                shown = os.path.join(
                    mount.point, os.path.relpath(path, self.at("backup")))
                with open(path, "rb") as one, \
                        open(shown + "/.view/backup", "rb") as other:
                    self.assertEqual(one.read(), other.read(), path)
        mount.stop()


def load_tests(loader, tests, pattern):
    for kind in MKFS:
        tests.addTests(loader.loadTestsFromTestCase(
            type(f"Posix_{kind}", (Posix, JourneyCase), {"type": kind})))
    return tests


if __name__ == "__main__":
    if os.geteuid() != 0:
        skip_all("only root may mount here")
    run_cases()
