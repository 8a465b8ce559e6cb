#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What goes wrong while files are restored: it is told, and nothing is claimed
that was not done."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

import ndrdump
from journey import PATIENCE, JourneyCase, bkup, run
from mountcase import mount_points, run_cases, skip_all
from nt_ids import DATA, EA_DATA, LINK, SECURITY_DATA
from nt_records import alternate, block, parse, record

MIB = 1 << 20


def ea(name, value):
    entry = bytes(4) + bytes([0, len(name)]) \
        + len(value).to_bytes(2, "little") + name + b"\0" + value
    return entry + bytes(-len(entry) % 4)


class Errors(JourneyCase):
    def write(self, name, data):
        with open(self.at(name), "wb") as file:
            file.write(data)

    def read(self, name):
        with open(self.at(name), "rb") as file:
            return file.read()

    def restore(self, file, path, status, *options):
        done = subprocess.run([bkup(), "restore", *options, self.at(file),
                               path],
                              capture_output=True, check=False,
                              timeout=PATIENCE)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stderr.decode()

    def small_filesystem(self, size=24 * MIB):
        os.mkdir(self.at("small"))
        with open(self.at("image"), "wb") as image:
            image.truncate(size)
        run("mkfs.ext4", "-q", "-O", "^has_journal", self.at("image"))
        run("mount", "-o", "loop", self.at("image"), self.at("small"))
        self.addCleanup(self.unmount)

    def unmount(self):
        if any(path == self.at("small") for path, _ in mount_points()):
            run("umount", "-l", self.at("small"))

    def test_a_full_disk(self):
        self.small_filesystem()
        self.write("f", record(DATA, payload=b"x" * (40 * MIB)))
        self.write("small/old", b"old")
        said = self.restore("f", self.at("small", "old"), 2)
        self.assertIn("data is lost: No space left on device", said)
        self.assertEqual(self.read("small/old"), b"old")
        self.assertEqual(sorted(os.listdir(self.at("small"))),
                         ["lost+found", "old"])

    def test_a_full_disk_keeps_a_mount_honest(self):
        self.small_filesystem()
        mount = self.mount(self.at("small"), "m")
        os.mkdir(mount.point + "/f")
        with self.assertRaises(OSError):
            with open(mount.point + "/f/data", "wb") as file:
                for _ in range(40):
                    file.write(b"x" * MIB)
        mount.stop()

    def test_a_full_disk_keeps_what_is_to_be_replaced(self):
        """What is renamed into place is copied: there must be room."""
        self.small_filesystem()
        mount = self.mount(self.at("small"), "m")
        os.mkdir(mount.point + "/f")
        with open(mount.point + "/f/data", "wb") as file:
            file.write(b"old")
        with open(mount.point + "/f/.data.new", "wb") as file:
            file.write(b"x" * (14 * MIB))
        with self.assertRaises(OSError) as caught:
            os.rename(mount.point + "/f/.data.new", mount.point + "/f/data")
        self.assertEqual(caught.exception.errno, errno.ENOSPC)
        self.assertEqual(self.read("small/f"), b"old")
        self.assertEqual(os.stat(mount.point + "/f/.data.new").st_size,
                         14 * MIB)
        mount.stop()

    def test_a_full_disk_keeps_what_a_backup_is_restored_onto(self):
        self.small_filesystem()
        mount = self.mount(self.at("small"), "m")
        os.mkdir(mount.point + "/f")
        with open(mount.point + "/f/data", "wb") as file:
            file.write(b"old")
        file = os.open(mount.point + "/f/.view/backup", os.O_WRONLY)
        os.write(file, record(DATA, payload=b"x" * (14 * MIB)))
        with self.assertRaises(OSError) as caught:
            os.close(file)
        self.assertEqual(caught.exception.errno, errno.ENOSPC)
        self.assertEqual(self.read("small/f"), b"old")
        with open(mount.point + "/f/data", "rb") as data:
            self.assertEqual(data.read(), b"old")
        mount.stop()

    def test_a_stream_that_is_too_large_replaces_none(self):
        os.mkdir(self.at("directory"))
        os.setxattr(self.at("directory"), "user.DosStream.s:$DATA", b"old\0")
        self.write("f", alternate("s", b"x" * (2 * MIB)))
        said = self.restore("f", self.at("directory"), 1, "--profile=samba")
        self.assertIn(":s is lost: it is larger than an attribute", said)
        self.assertEqual(os.getxattr(self.at("directory"),
                                     "user.DosStream.s:$DATA"), b"old\0")

    def test_a_hole_at_the_end_of_a_stream(self):
        self.write("f", record(DATA) + alternate("s", b"", attributes=8)
                   + block(2, b"x") + block(100))
        self.restore("f", self.at("out"), 0, "--profile=samba")
        self.assertEqual(os.getxattr(self.at("out"),
                                     "user.DosStream.s:$DATA"),
                         bytes(2) + b"x" + bytes(97) + bytes(1))

    def test_a_filesystem_that_does_not_know_its_space(self):
        os.mkdir(self.at("small"))
        run("mount", "-t", "ramfs", "none", self.at("small"))
        self.addCleanup(self.unmount)
        self.assertEqual(os.statvfs(self.at("small")).f_blocks, 0)
        self.write("f", record(DATA, payload=b"content"))
        self.restore("f", self.at("small", "f"), 0)
        self.assertEqual(self.read("small/f"), b"content")

    def test_the_limit_of_attributes(self):
        self.small_filesystem()
        self.write("f", record(DATA, payload=b"content")
                   + record(EA_DATA, payload=ea(b"large", b"v" * 60000)))
        said = self.restore("f", self.at("small", "f"), 1)
        self.assertIn("ea is lost: ", said)
        self.assertEqual(self.read("small/f"), b"content")

    def test_streams_that_no_file_has(self):
        self.write("f", record(DATA, payload=b"content")
                   + record(LINK, payload="x".encode("utf-16le"))
                   + record(4711, payload=b"?"))
        said = self.restore("f", self.at("out"), 1)
        self.assertIn("link is lost: the filesystem has no place", said)
        self.assertIn("id_00001267 is lost: ", said)
        self.assertEqual(self.read("out"), b"content")

    def test_what_is_no_backup_file(self):
        self.write("out", b"old")
        for data in (b"text that is no backup file, of some length",
                     record(DATA, payload=b"content")[:-1],
                     record(DATA, payload=b"c") + b"tail"):
            self.write("f", data)
            said = self.restore("f", self.at("out"), 1)
            self.assertIn("at offset ", said)
            self.assertEqual(self.read("out"), b"old")
        self.assertEqual(sorted(os.listdir(self.tmp)), ["f", "out"])

    def test_killed_in_the_middle(self):
        self.write("f", record(DATA, payload=b"x" * (256 * MIB)))
        self.write("out", b"old")
        for delay in (0.005, 0.02, 0.05):
            with subprocess.Popen(
                    [bkup(), "restore", self.at("f"), self.at("out")],
                    stderr=subprocess.DEVNULL) as process:
                time.sleep(delay)
                process.send_signal(signal.SIGKILL)
            size = os.stat(self.at("out")).st_size
            self.assertIn(size, (3, 256 * MIB))
            if size == 3:
                self.assertEqual(self.read("out"), b"old")

    def test_a_read_only_filesystem(self):
        self.small_filesystem()
        run("mount", "-o", "remount,ro", self.at("small"))
        self.write("f", record(DATA, payload=b"content"))
        said = self.restore("f", self.at("small", "f"), 2)
        self.assertIn("Read-only file system", said)
        self.assertEqual(os.listdir(self.at("small")), ["lost+found"])


class Decoded(JourneyCase):
    def test_by_others(self):
        """What is captured is what other decoders say it is."""
        with open(self.at("f"), "wb") as file:
            file.write(b"some content")
        os.setxattr(self.at("f"), "user.name", b"value")
        data = run(bkup(), "capture", self.at("f"))
        records = list(parse(data))
        self.assertEqual([each.id for each in records],
                         [SECURITY_DATA, DATA, EA_DATA])
        self.assertEqual([data[each.payload:each.end]
                          for each in records[1:]],
                         [b"some content", ea(b"name", b"value")])
        self.assertEqual(run(bkup(), "capture", self.at("f")), data)
        if not shutil.which("ndrdump"):
            self.skipTest("no ndrdump")
        self.assertEqual([stream[:4] for stream in ndrdump.decode(data)],
                         [(each.id, each.attributes, "", each.size)
                          for each in records])


if __name__ == "__main__":
    if os.geteuid() != 0:
        skip_all("only root may mount here")
    run_cases()
