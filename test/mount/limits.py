#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What bounds memory and open files: the number of streams, and of objects."""

import errno
import os
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from mountcase import SANITIZED, MountCase, main, read, wait_for, write
from nt_ids import HEADER, SPARSE_BLOCK
from nt_records import alternate, block, record

MIB = 1 << 20
HOLE = 65536
DEFAULT = 1 << 20


def streams(count):
    return b"".join(alternate("%07d" % n, b"%d" % n) for n in range(count))


def blocks(count):
    """A sparse stream of so many records: its header and blocks."""
    return record(1, 8) + b"".join(
        block(2 * n * HOLE, b"x") for n in range(count - 2)) \
        + block(2 * count * HOLE, b"")


def scattered(count):
    """As many blocks, backwards, so that none can be joined."""
    return record(1, 8) + b"".join(
        HEADER.pack(SPARSE_BLOCK, 8, 9, 0)
        + struct.pack("<Qc", 2 * n * HOLE, b"x")
        for n in reversed(range(count - 1)))


class MaxStreams(MountCase):
    """With room for 100 streams and sparse blocks."""

    def setUp(self):
        super().setUp()
        for name, make in (("streams", streams), ("blocks", blocks),
                           ("scattered", scattered)):
            self.put(f"{name}-100", make(100))
            self.put(f"{name}-101", make(101))

    def limited(self):
        return self.mount("-o", "max_streams=100")

    def test_more_are_refused(self):
        mount = self.limited()
        for name in ("streams", "blocks", "scattered"):
            path = self.at(f"{name}-101")
            for access in (os.listdir,
                           lambda path: os.stat(os.path.join(path, "data")),
                           lambda path: write(os.path.join(path, ":x"), b"")):
                self.fails(errno.EFBIG, access, path)
            os.stat(path)
            line, = mount.lines(f"{name}-101")
            # The header of the first record that is one too many.
            data = read(self.under(f"{name}-101"))
            offset = len(data) - {
                "streams": len(alternate("%07d" % 100, b"100")),
                "blocks": len(block(0, b"")),
                "scattered": len(block(0, b"x"))}[name]
            self.assertIn(f"offset {offset}:", line)
            self.assertIn("max_streams", line)
        self.assertEqual(len(os.listdir(self.at("streams-100"))), 100)
        for name in ("blocks", "scattered"):
            with open(self.at(f"{name}-100/data"), "rb") as data:
                self.assertEqual(os.lseek(data.fileno(), 1, os.SEEK_DATA),
                                 2 * HOLE)

    def test_salvage_refuses_them_too(self):
        self.mount("-o", "max_streams=100,salvage")
        self.fails(errno.EFBIG, os.listdir, self.at("streams-101"))

    def test_no_more_are_made(self):
        mount = self.limited()
        full = self.at("streams-100")
        self.fails(errno.EFBIG, write, os.path.join(full, "data"), b"x")
        self.fails(errno.EFBIG, os.mknod, os.path.join(full, "ea"))
        write(os.path.join(full, ".scratch"), b"x")
        self.fails(errno.EFBIG, os.rename, os.path.join(full, ".scratch"),
                   os.path.join(full, "data"))
        self.assertTrue(mount.lines("max_streams"))
        # What needs no more can be done, and makes room.
        write(os.path.join(full, ":0000007"), b"changed")
        os.rename(os.path.join(full, ":0000008"), os.path.join(full, ":new"))
        os.rename(os.path.join(full, ".scratch"),
                  os.path.join(full, ":0000009"))
        os.unlink(os.path.join(full, ":0000001"))
        write(os.path.join(full, "data"), b"x")
        found = self.contents("streams-100")
        self.assertEqual(len(found), 100)
        self.assertEqual((found[b":0000007"], found[b":new"],
                          found[b":0000009"], found[b"data"]),
                         (b"changed", b"8", b"x", b"x"))

    def test_no_more_holes_are_committed(self):
        self.limited()
        os.mkdir(self.at("new"))
        fd = os.open(self.at("new/data"), os.O_RDWR | os.O_CREAT)
        # A header, so many blocks, and the closing one.
        for n in range(98):
            os.pwrite(fd, b"x", (2 * n + 1) * HOLE)
        os.fsync(fd)
        before = read(self.under("new"))
        os.pwrite(fd, b"x", 2000 * HOLE)
        self.fails(errno.EFBIG, os.fsync, fd)
        # The old version stands, and what was written can be read.
        self.assertEqual(read(self.under("new")), before)
        self.assertEqual(os.pread(fd, 1, 2000 * HOLE), b"x")
        os.ftruncate(fd, 1000 * HOLE)
        os.close(fd)
        self.assertEqual(self.streams("new")[b"data"].size, 1000 * HOLE)

    def test_by_default_a_million(self):
        """As many blocks, since streams take longer to write."""
        size = len(block(0, b""))
        for name, count in (("most", DEFAULT), ("more", DEFAULT + 1)):
            with open(self.under(name), "wb") as file:
                file.write(record(1, 8))
                part = block(5, b"")
                self.assertEqual(len(part), size)
                for _ in range((count - 1) // 1024):
                    file.write(part * 1024)
                file.write(part * ((count - 1) % 1024))
        mount = self.mount()
        self.assertEqual(os.listdir(self.at("most")), ["data"])
        self.fails(errno.EFBIG, os.listdir, self.at("more"))
        self.assertEqual(len(mount.lines("max_streams")), 1)

    def test_a_hostile_number_takes_no_memory(self):
        """10^7 blocks that cannot be joined are not even looked at."""
        count = 10_000_000 if not SANITIZED else 2_000_000
        part = HEADER.pack(SPARSE_BLOCK, 8, 9, 0)
        with open(self.under("hostile"), "wb") as file:
            file.write(record(1, 8))
            for start in range(0, count, 1000):
                file.write(b"".join(
                    part + struct.pack("<Qc", 3 * n, b"x")
                    for n in range(start, start + 1000)))
        mount = self.mount()
        self.fails(errno.EFBIG, os.listdir, self.at("hostile"))
        if not SANITIZED:
            self.assertLess(mount.peak_memory(), 64 * MIB)


class Idle(MountCase):
    def descriptors(self, mount):
        return len(os.listdir(f"/proc/{mount.process.pid}/fd"))

    def memory(self, mount):
        with open(f"/proc/{mount.process.pid}/status",
                  encoding="ascii") as status:
            return next(int(line.split()[1]) * 1024 for line in status
                        if line.startswith("VmRSS:"))

    def test_large_indexes_are_given_back(self):
        """Twelve objects whose indexes take about 70 MiB each."""
        count, objects = (500_000, 12) if not SANITIZED else (20_000, 4)
        data = streams(count)
        for n in range(objects):
            write(self.under(f"large-{n}"), data)
        del data
        mount = self.mount()
        taken = []
        for n in range(objects):
            self.assertEqual(read(self.at(f"large-{n}", ":0000007")), b"7")
            taken.append(self.memory(mount))
        print([memory // MIB for memory in taken])
        if SANITIZED:
            print("the limits on memory are not for sanitizers")
            return
        # One shows that there is something to give back.
        self.assertGreater(taken[0], 48 * MIB)
        self.assertLess(mount.peak_memory(), 448 * MIB)
        # What was used last is still there.
        before = self.memory(mount)
        self.assertEqual(read(self.at(f"large-{objects - 1}", ":0000008")),
                         b"8")
        self.assertLess(abs(self.memory(mount) - before), 16 * MIB)

    def test_idle_objects_hold_no_file_open(self):
        for n in range(500):
            self.put(f"o{n}", record(1, 0, b"%d" % n))
        mount = self.mount()
        before = self.descriptors(mount)
        for n in range(500):
            self.assertEqual(read(self.at(f"o{n}/data")), b"%d" % n)
        for n in range(0, 500, 5):
            write(self.at(f"o{n}/data"), b"again")
        # A release comes after close; .bkupfs may be open.
        wait_for(lambda: self.descriptors(mount) <= before + 1, 5,
                 "descriptors")
        # They are read again, and changes are seen.
        self.assertEqual(read(self.at("o5/data")), b"again")
        self.assertEqual(read(self.at("o6/data")), b"6")
        os.unlink(self.at("o6/data"))
        self.assertEqual(os.listdir(self.at("o6")), [])

    def test_what_was_removed_behind_is_freed(self):
        self.put("large", record(1, 0, b"x" * MIB))
        self.mount()
        with open(self.at("large/data"), "rb") as data:
            data.read(1)
        links = f"/proc/{self.mounts[-1].process.pid}/fd"

        def names():
            found = set()
            for fd in os.listdir(links):
                try:
                    found.add(os.readlink(os.path.join(links, fd)))
                except FileNotFoundError:
                    pass
            return found

        wait_for(lambda: self.under("large") not in names(), 5, "close")
        os.unlink(self.under("large"))
        self.assertFalse([name for name in names() if "large" in name])


if __name__ == "__main__":
    main()
