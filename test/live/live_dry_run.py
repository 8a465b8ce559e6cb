#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A dry run says what the real one says that follows, and writes nothing."""

import os
import socket
import struct
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from journey import JourneyCase, bkup, run, snapshot
from mountcase import mount_points, run_cases, skip_all
from nt_ids import (DATA, EA_DATA, LINK, OBJECT_ID, REPARSE_DATA,
                    SECURITY_DATA)
from nt_records import alternate, block, record

MIB = 1 << 20
BASIC = "user.bkupfs.basic_info"
HIDDEN, IS_DIRECTORY = 0x2, 0x10


def ea(name, value, follows=False):
    entry = bytes([0, len(name)]) + len(value).to_bytes(2, "little") \
        + name + b"\0" + value
    entry += bytes(-len(entry) % 4)
    return struct.pack("<I", 4 + len(entry) if follows else 0) + entry


def basic(attributes=0, creation=0):
    return struct.pack("<QQQQII", creation, 0, 0, 0, attributes, 0)


def symlink(target):
    """A reparse point of WSL."""
    data = struct.pack("<I", 2) + target
    return struct.pack("<IHH", 0xa000001d, len(data), 0) + data


# A descriptor that no mode and ACL says: S-1-5-18 owns it.
FOREIGN = struct.pack("<BBHIIII", 1, 0, 0x8000, 20, 0, 0, 0) \
    + struct.pack("<BB6sI", 1, 1, b"\0\0\0\0\0\5", 18)

CONTENT = record(DATA, payload=b"content")
# Backup files, and what of them is lost where there are but files of Linux.
LOSSES = {
    "stream": (CONTENT + alternate("s", b"x"), {":s"}),
    "object id": (CONTENT + record(OBJECT_ID, payload=bytes(64)),
                  {"object_id"}),
    "descriptor": (CONTENT + record(SECURITY_DATA, payload=FOREIGN),
                   {"security"}),
    "no descriptor": (CONTENT + record(SECURITY_DATA, payload=b"?"),
                      {"security"}),
    "link": (CONTENT + record(LINK, payload="x".encode("utf-16le")),
             {"link"}),
    "unknown": (CONTENT + record(4711, payload=b"?"), {"id_00001267"}),
    "two": (CONTENT + record(EA_DATA, payload=ea(b"A", b"1")) * 2, {"ea"}),
    "large": (CONTENT + record(EA_DATA, payload=bytes(70000)), {"ea"}),
    "unsorted": (CONTENT + record(
        EA_DATA, payload=ea(b"B", b"1", True) + ea(b"A", b"2")), {"ea"}),
    "needed": (CONTENT + record(
        EA_DATA, payload=b"\0\0\0\0\x80\1\1\0A\0" + b"1\0"), {"ea"}),
    "junction": (CONTENT + record(
        REPARSE_DATA, payload=struct.pack("<IHH", 0xa0000003, 0, 0)),
                 {"reparse"}),
    "attributes of a link": (
        record(REPARSE_DATA, payload=symlink(b"/content"))
        + record(EA_DATA, payload=ea(b"A", b"1")), {"ea"}),
    "nothing": (CONTENT, set()),
    "eas": (CONTENT + record(
        EA_DATA, payload=ea(b"A", b"1", True) + ea(b"B", b"2")), set()),
    # One that Windows can follow is read back as a SYMLINK.
    "relative": (record(REPARSE_DATA, payload=symlink(b"content")),
                 {"reparse"}),
    "absolute": (record(REPARSE_DATA, payload=symlink(b"/content")), set()),
    "holes": (record(DATA, attributes=8) + block(MIB, b"x")
              + block(1 << 40), set()),
}


def lost(said):
    """What is lost of which file: {(name, what)}."""
    found = set()
    for line in said.err.splitlines():
        path, _, rest = line.removeprefix("bkup: '").partition("': ")
        if " is lost: " in rest:
            found.add((os.path.basename(path), rest.split(" is lost: ")[0]))
    return found


class DryCase(JourneyCase):
    def write(self, name, data, attributes=None):
        os.makedirs(os.path.dirname(self.at(name)), exist_ok=True)
        with open(self.at(name), "wb") as file:
            file.write(data)
        if attributes is not None:
            os.setxattr(self.at(name), BASIC, attributes)
        return self.at(name)

    def filesystem(self, name, *options, kind=None, size=24 * MIB):
        """Mounts a small one."""
        os.mkdir(self.at(name))
        if kind:
            run("mount", "-t", kind, *options, "none", self.at(name))
        else:
            with open(self.at(name + ".image"), "wb") as image:
                image.truncate(size)
            run("mkfs.ext4", "-q", "-O", "^has_journal",
                self.at(name + ".image"))
            run("mount", "-o", "loop", self.at(name + ".image"),
                self.at(name))
        self.addCleanup(self.unmount, self.at(name))
        return self.at(name)

    @staticmethod
    def unmount(path):
        if any(point == path for point, _ in mount_points()):
            run("umount", "-l", path)


class Restore(DryCase):
    def fill(self):
        """A tree of all that is lost; returns that."""
        expected = set()
        for name, (data, losses) in LOSSES.items():
            self.write("backup/" + name, data)
            self.write("backup/below/deeper/" + name, data)
            expected |= {(name, what) for what in losses}
        self.write("backup/hidden", CONTENT, basic(HIDDEN, 10**17))
        self.write("backup/.streams", alternate("s", b"x")
                   + record(SECURITY_DATA, payload=FOREIGN),
                   basic(IS_DIRECTORY))
        self.write("backup/below/.streams", alternate("s", b"x"),
                   basic(IS_DIRECTORY | HIDDEN))
        return expected | {
            ("hidden", "attributes"), ("hidden", "creation time"),
            ("out", ":s"), ("out", "security"), ("below", ":s"),
            ("below", "attributes")}

    def test_a_tree_of_losses(self):
        expected = self.fill()
        said = self.carry("restore", "-r", self.at("backup"), self.at("out"))
        self.assertEqual(said.status, 1)
        self.assertEqual(lost(said), expected)
        self.assertEqual(len(said.carried), 2 * len(LOSSES) + 3)
        self.assertIn(
            f"restore '{self.at('backup', 'below', 'deeper', 'stream')}' -> "
            f"'{self.at('out', 'below', 'deeper', 'stream')}' "
            f"({len(LOSSES['stream'][0])} bytes)", said.carried)
        # And once more, where all is there.
        said = self.carry("restore", "-r", self.at("backup"), self.at("out"))
        self.assertEqual(lost(said), expected)

    def test_another_profile(self):
        """There is place for more, but not for all."""
        self.fill()
        self.write("backup/huge", alternate("s", bytes(70000)))
        self.write("backup/huge hole", record(DATA) + block(7)
                   + alternate("s", b"", attributes=8) + block(80000))
        self.write("backup/long", alternate("n" * 250, b"x"))
        self.write("backup/EAs of its own", record(
            EA_DATA, payload=ea(b"DOSATTRIB", b"x")))
        self.write("backup/hidden link", record(
            REPARSE_DATA, payload=symlink(b"/content")), basic(HIDDEN))
        place = self.filesystem("place", kind="tmpfs")
        said = self.carry("restore", "-r", "--profile", "samba",
                          self.at("backup"), place + "/out")
        self.assertEqual(said.status, 1)
        self.assertEqual(
            lost(said) - {(name, what) for name, (_, losses) in LOSSES.items()
                          for what in losses},
            {("huge", ":s"), ("huge hole", ":s"), ("long", ":" + "n" * 250),
             ("EAs of its own", "ea"), ("hidden link", "attributes")})
        self.assertNotIn(("stream", ":s"), lost(said))

    def test_what_is_no_backup_file(self):
        self.write("backup/first", CONTENT)
        self.write("backup/text", b"text that is no backup file, of a length")
        self.write("backup/cut", CONTENT[:-1])
        self.write("backup/tail", CONTENT + b"tail")
        self.write("backup/zz", CONTENT)
        said = self.carry("restore", "-r", self.at("backup"), self.at("out"))
        self.assertEqual((said.status, said.rest),
                         (1, ["restored 2 files: 0 losses"]))
        self.assertEqual(said.err.count(": at offset "), 3)
        self.assertEqual(len(said.carried), 2)

    def test_what_stands_in_the_way(self):
        self.write("backup/directory/file", CONTENT)
        self.write("backup/f", CONTENT)
        self.write("backup/d", b"", basic(IS_DIRECTORY))
        os.symlink("target", self.at("backup", "link"))
        self.write("out/directory", b"a file")
        self.write("out/d", b"a file")
        os.makedirs(self.at("out", "f"))
        os.makedirs(self.at("out", "link"))
        said = self.carry("restore", "-r", self.at("backup"), self.at("out"))
        self.assertEqual(said.status, 2)
        self.assertEqual(len(said.err.splitlines()), 4, said.err)
        self.assertEqual(said.rest, ["restored 0 files: 1 loss"])

    def test_names_of_one_file_are_one_file(self):
        self.write("backup/a", CONTENT)
        os.link(self.at("backup", "a"), self.at("backup", "b"))
        os.mkdir(self.at("backup", "c"))
        os.link(self.at("backup", "a"), self.at("backup", "c", "d"))
        self.write("backup/.bkupfs/scratch", b"not looked at")
        os.symlink("a", self.at("backup", "link"))
        os.mkfifo(self.at("backup", "fifo"))
        said = self.carry("restore", "-r", self.at("backup"), self.at("out"))
        self.assertEqual((said.status, said.rest),
                         (0, ["restored 1 file: 0 losses"]))
        self.assertEqual(os.stat(self.at("out", "a")).st_nlink, 3)

    def test_one_file(self):
        data = CONTENT + alternate("s", b"x")
        self.write("f", data)
        self.write("old", b"old")
        os.mkdir(self.at("directory"))
        for to, status in (("new", 1), ("old", 1), ("directory", 2),
                           ("no such/new", 2), ("old/new", 2), ("", 2)):
            with self.subTest(to=to):
                said = self.carry("restore", self.at("f"),
                                  self.at(to) if to else "")
                self.assertEqual((said.status, said.rest), (status, []))
                self.assertEqual(said.carried, [] if status == 2 else [
                    f"restore '{self.at('f')}' -> '{self.at(to)}' "
                    f"({len(data)} bytes)"])
        said = self.carry("restore", "-", self.at("piped"), data=CONTENT)
        self.assertEqual((said.status, said.err, said.carried), (
            0, "", [f"restore '-' -> '{self.at('piped')}' "
                    f"({len(CONTENT)} bytes)"]))
        self.assertEqual(
            self.carry("restore", self.at("no f"), self.at("new")).status, 2)

    def test_filesystems_decide(self):
        """The one that it would be made on, not what is above."""
        place = self.filesystem("place", kind="ramfs")
        self.write("backup/a/b/f", LOSSES["eas"][0])
        self.write("backup/f", LOSSES["eas"][0])
        said = self.carry("restore", "-r", self.at("backup"), place + "/out")
        self.assertEqual(lost(said), {("f", "ea")})
        self.assertEqual(said.rest, ["restored 2 files: 2 losses"])

    def test_another_user(self):
        """Who may neither give files away nor write everywhere."""
        nobody = {"user": 65534, "group": 65534, "extra_groups": []}
        os.chmod(self.tmp, 0o711)
        os.mkdir(self.at("source"))
        self.write("source/f", b"content")
        os.chmod(self.write("source/secret", b"content"), 0o600)
        os.mkdir(self.at("his"))
        os.chmod(self.at("his"), 0o777)
        try:
            subprocess.run([bkup(), "--version"], check=True,
                           stdout=subprocess.DEVNULL, **nobody)
        except PermissionError:
            self.skipTest(f"others cannot run {bkup()}")
        said = self.carry("capture", "-r", self.at("source"),
                          self.at("his", "backup"), **nobody)
        self.assertEqual((said.status, said.rest),
                         (2, ["captured 2 files: 0 losses"]))
        self.assertIn("secret': Permission denied", said.err)
        said = self.carry("restore", "-r", self.at("his", "backup"),
                          self.at("his", "out"), **nobody)
        self.assertEqual(lost(said), {("f", "security"), ("out", "security")})
        self.assertIn("Operation not permitted", said.err)
        for verb, one in (("capture", "source"), ("restore", "his/backup")):
            said = self.carry(verb, "-r", self.at(one), self.at("out"),
                              **nobody)
            self.assertEqual((said.status, said.carried), (2, []))

    def test_a_full_disk(self):
        place = self.filesystem("place")
        self.write("backup/f", record(DATA, payload=b"x" * (40 * MIB)))
        self.write("backup/g", CONTENT)
        self.write("place/old", b"old")
        said = self.carry("restore", self.at("backup", "f"), place + "/old")
        self.assertEqual(said.status, 2)
        self.assertIn("data is lost: No space left on device", said.err)
        said = self.carry("restore", "-r", self.at("backup"), place + "/out")
        self.assertEqual((said.status, said.rest),
                         (2, ["restored 1 file: 1 loss"]))

    def test_a_filesystem_that_is_not_written_to(self):
        place = self.filesystem("place")
        os.mkdir(place + "/out")
        run("mount", "-o", "remount,ro", place)
        self.write("backup/f", CONTENT)
        self.write("backup/d/f", CONTENT)
        for to in ("/out", "/new", "/f"):
            said = self.carry("restore", "-r", self.at("backup"), place + to)
            self.assertEqual(said.status, 2)
            self.assertIn("Read-only file system", said.err)


class Capture(DryCase):
    def fill(self):
        self.write("source/f", b"content")
        self.write("source/.streams", b"a name of ours")
        self.write("source/a/b/holes", b"x")
        os.truncate(self.at("source/a/b/holes"), MIB)
        os.link(self.at("source", "f"), self.at("source", "a", "name"))
        os.symlink("f", self.at("source", "link"))
        os.mkfifo(self.at("source", "fifo"))
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(self.at("source", "socket"))
        self.write("source/t\n\x1b[2J", b"")

    def test_a_tree(self):
        self.fill()
        for _ in range(2):
            said = self.carry("capture", "-r", self.at("source"),
                              self.at("out"))
            self.assertEqual((said.status, said.err, said.rest),
                             (0, "", ["captured 10 files: 0 losses"]))
            self.assertEqual(len(said.carried), 10)
            lines = "\n".join(said.carried)
            self.assertIn("' -> '%s' (" % self.at("out", "%.streams"), lines)
            self.assertIn("source/t\\012\\033[2J' -> '", lines)
            for line in said.carried:
                to, size = line.split("' -> '")[1].rsplit("' (", 1)
                path = to.replace("\\012", "\n").replace("\\033", "\x1b")
                if os.path.isdir(path):
                    path += "/.streams"
                if os.path.exists(path):
                    self.assertEqual(
                        size, "%d bytes)" % os.stat(path).st_size)

    def test_a_name_that_cannot_be_put_is_made_a_file(self):
        self.write("source/a", b"content")
        os.link(self.at("source", "a"), self.at("source", "b"))
        os.makedirs(self.at("out", "b"))
        said = self.carry("capture", "-r", self.at("source"), self.at("out"))
        self.assertEqual((said.status, said.rest),
                         (2, ["captured 2 files: 0 losses"]))

    def test_one_file(self):
        self.write("f", b"content")
        os.mkdir(self.at("directory"))
        for to, status in (("new", 0), ("new", 0), ("directory", 2),
                           ("no such/new", 2), ("f/new", 2)):
            with self.subTest(to=to):
                said = self.carry("capture", self.at("f"), self.at(to))
                self.assertEqual(said.status, status)
                self.assertEqual(len(said.carried), status == 0)
        self.assertEqual(
            self.carry("capture", self.at("no f"), self.at("new")).status, 2)

    def test_standard_output(self):
        path = self.write("f", b"content")
        size = len(run(bkup(), "capture", path))
        line = b"capture '%s' -> '-' (%d bytes)\n" % (path.encode(), size)
        self.assertEqual(run(bkup(), "capture", "--dry-run", path), line)
        self.assertEqual(run(bkup(), "capture", "--dry-run", path, "-"), line)
        self.assertFalse(os.path.exists("-"))

    def test_nobody_waits_for_a_reader(self):
        """A fifo is not opened."""
        path = self.write("f", b"content")
        os.mkfifo(self.at("fifo"))
        self.assertTrue(run(bkup(), "capture", "--dry-run", path,
                            self.at("fifo")).startswith(b"capture '"))

    def test_a_place_for_attributes_is_missed(self):
        self.write("source/f", b"content")
        place = self.filesystem("place", kind="ramfs")
        said = self.carry("capture", "-r", self.at("source"), place + "/out")
        self.assertEqual((said.status, said.rest),
                         (1, ["captured 2 files: 2 losses"]))
        self.assertEqual({what for _, what in lost(said)}, {"basic_info"})

    def test_a_full_disk(self):
        place = self.filesystem("place")
        self.write("source/f", b"x" * (40 * MIB))
        self.write("source/g", b"content")
        said = self.carry("capture", "-r", self.at("source"), place + "/out")
        self.assertEqual((said.status, said.rest),
                         (2, ["captured 2 files: 0 losses"]))
        self.assertIn("out/f': No space left on device; what was there",
                      said.err)

    def test_what_stands_in_the_way(self):
        self.fill()
        os.makedirs(self.at("out", "f"))
        self.write("out/a", b"a file")
        said = self.carry("capture", "-r", self.at("source"), self.at("out"))
        self.assertEqual(said.status, 2)
        self.assertEqual(len(said.err.splitlines()), 2, said.err)
        for to in ("no such/out", "out/a"):
            said = self.carry("capture", "-r", self.at("source"), self.at(to))
            self.assertEqual(said.status, 2)


class Quiet(DryCase):
    def test_in_a_pipe(self):
        """It takes longer than it takes for progress to be shown."""
        with subprocess.Popen(
                [bkup(), "restore", "--dry-run", "-", self.at("out")],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE) as process:
            process.stdin.write(record(DATA, payload=bytes(16 * MIB))[:20])
            for _ in range(16):
                process.stdin.write(bytes(MIB))
                process.stdin.flush()
                time.sleep(0.1)
            out, err = process.communicate(timeout=60)
        self.assertEqual((process.returncode, err), (0, b""))
        self.assertEqual(out, b"restore '-' -> '%s' (%d bytes)\n" % (
            self.at("out").encode(), 16 * MIB + 20))
        self.assertEqual(list(snapshot(self.tmp)), [self.tmp])


if __name__ == "__main__":
    if os.geteuid() != 0:
        skip_all("only root may mount here")
    run_cases()
