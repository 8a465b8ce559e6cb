#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The calls that change a stream, and what they leave in the backup file."""

import ctypes
import errno
import mmap
import os
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from mountcase import MountCase, fingerprint, main, read, write, write_all
from nt_compare import compare
from nt_ids import ALTERNATE_DATA, DATA, SPARSE_BLOCK
from nt_records import alternate, block, parse, record

KIB64 = 65536
KEEP_SIZE, PUNCH_HOLE = 1, 2
LIBC = ctypes.CDLL(None, use_errno=True)


def fallocate(fd, mode, offset, length):
    if LIBC.fallocate(fd, mode, ctypes.c_long(offset), ctypes.c_long(length)):
        raise OSError(ctypes.get_errno(), "fallocate")


class Handle:
    """An open file; leaving it closes, and lets errors of close through."""

    def __init__(self, path, flags):
        self.path, self.flags = path, flags

    def __enter__(self):
        self.fd = os.open(self.path, self.flags, 0o644)
        return self.fd

    def __exit__(self, *_):
        os.close(self.fd)


class Writing(MountCase):
    content = bytes(range(256)) * 2000  # 512,000 bytes

    def setUp(self):
        super().setUp()
        self.put("F", record(3, 2, b"security") + record(1, 0, self.content)
                 + alternate("a", b"alternate"))
        self.mount()
        self.data = self.at("F", "data")

    def committed(self):
        return self.contents("F")[b"data"]

    def check(self, want):
        """In the file, in the mount, and after a remount."""
        self.assertTrue(self.committed() == want)
        self.assertTrue(read(self.data) == want)
        self.assertEqual(compare(read(self.under("F")), self.at("F")), [])
        self.remount()
        self.assertTrue(read(self.data) == want)
        self.assertEqual(self.contents("F")[b":a"], b"alternate")


class Sizes(Writing):
    def test_ftruncate(self):
        want = self.content
        for size in (1000, 0, 700000, 512000, 512001):
            at = size // 2
            with Handle(self.data, os.O_RDWR) as fd:
                os.ftruncate(fd, size)
                self.assertEqual(os.fstat(fd).st_size, size)
                os.pwrite(fd, b"!", at)
            want = want[:size].ljust(max(size, 1), b"\0")
            want = want[:at] + b"!" + want[at + 1:]
            self.assertEqual(os.stat(self.data).st_size, len(want))
            self.assertTrue(self.committed() == want, size)
        self.check(want)

    def test_truncate_by_path(self):
        os.truncate(self.data, 300)
        self.assertEqual(self.committed(), self.content[:300])
        os.truncate(self.data, 400)
        self.check(self.content[:300] + b"\0" * 100)

    def test_truncate_while_open(self):
        with Handle(self.data, os.O_WRONLY) as fd:
            os.pwrite(fd, b"x" * 10, 0)
            os.truncate(self.data, 5)
            self.assertEqual(os.fstat(fd).st_size, 5)
            os.pwrite(fd, b"y", 9)
        self.check(b"x" * 5 + b"\0" * 4 + b"y")

    def test_open_with_truncation_alone(self):
        """`: > data` leaves a DATA record of size 0."""
        with Handle(self.data, os.O_WRONLY | os.O_TRUNC):
            pass
        self.check(b"")
        heads = [r for r in parse(read(self.under("F"))) if r.id == DATA]
        self.assertEqual([r.size for r in heads], [0])

    def test_creating_alone(self):
        with Handle(self.at("F", ":empty"), os.O_WRONLY | os.O_CREAT):
            pass
        self.assertEqual(self.contents("F")[b":empty"], b"")
        self.check(self.content)

    def test_open_and_close_touch_nothing(self):
        before = fingerprint(self.under("F"))
        for flags in (os.O_RDONLY, os.O_WRONLY, os.O_RDWR, os.O_RDWR
                      | os.O_APPEND, os.O_WRONLY | os.O_CREAT):
            with Handle(self.data, flags):
                pass
        self.mounts[-1].stop()
        self.assertEqual(fingerprint(self.under("F")), before)

    def test_exclusive_creation(self):
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        self.fails(errno.EEXIST, os.open, self.data, flags)
        with Handle(self.at("F", "ea"), flags) as fd:
            write_all(fd, b"ea")
            self.fails(errno.EEXIST, os.open, self.at("F", "ea"), flags)
        self.check(self.content)

    def test_append(self):
        flags = os.O_WRONLY | os.O_APPEND
        with Handle(self.data, flags) as one, Handle(self.data, flags) as two:
            for turn in range(20):
                write_all(one, b"one%d" % turn)
                write_all(two, b"two%d" % turn)
        want = b"".join(b"one%dtwo%d" % (n, n) for n in range(20))
        self.check(self.content + want)

    def test_append_and_truncate(self):
        with Handle(self.data, os.O_WRONLY | os.O_APPEND | os.O_TRUNC) as fd:
            write_all(fd, b"abc")
            os.ftruncate(fd, 1)
            write_all(fd, b"def")
        self.check(b"adef")

    def test_many_closes_of_one_handle(self):
        """Each close of a duplicate commits what there is by then."""
        fd = os.open(self.data, os.O_WRONLY | os.O_TRUNC)
        os.close(os.dup(fd))
        for part in (b"one", b"two"):
            write_all(fd, part)
            os.close(os.dup(fd))
            self.assertTrue(self.committed().endswith(part))
        os.close(fd)
        self.check(b"onetwo")

    def test_fsync_commits(self):
        with Handle(self.data, os.O_WRONLY | os.O_TRUNC) as fd:
            write_all(fd, b"synced")
            os.fsync(fd)
            self.assertEqual(self.committed(), b"synced")
            write_all(fd, b", data")
            os.fdatasync(fd)
            self.assertEqual(self.committed(), b"synced, data")
        directory = os.open(self.at("F"), os.O_RDONLY)
        os.fsync(directory)
        os.close(directory)
        self.check(b"synced, data")

    def test_small_writes(self):
        with Handle(self.data, os.O_WRONLY) as fd:
            for at in range(0, 2000, 7):
                os.pwrite(fd, b"#", at)
        want = bytearray(self.content)
        want[0:2000:7] = b"#" * len(range(0, 2000, 7))
        self.check(bytes(want))

    def test_vectors(self):
        with Handle(self.data, os.O_RDWR) as fd:
            os.pwritev(fd, [b"one", b"", b"two" * 5000], 100)
            got = [bytearray(3), bytearray(15000)]
            os.preadv(fd, got, 100)
            self.assertEqual(bytes(got[0]), b"one")
        self.check(self.content[:100] + b"one" + b"two" * 5000
                   + self.content[15103:])

    def test_direct_io(self):
        with Handle(self.data, os.O_RDONLY | os.O_DIRECT) as fd:
            with mmap.mmap(-1, 1 << 20) as buffer:
                got = os.preadv(fd, [buffer], 0)
                self.assertTrue(buffer[:got] == self.content[:got])


class Sparse(Writing):
    def shape(self):
        """[(id, attributes, size)] of the records, without security."""
        return [(r.id, r.attributes, r.size)
                for r in parse(read(self.under("F"))) if r.id != 3]

    def test_holes_below_stay(self):
        """Whether the file is changed in place or made anew."""
        for name, size in ("small", 1 << 20), ("large", 1 << 30):
            whole = record(1, 0, b"")[:8] + struct.pack("<QI", size, 0)
            path = self.put(name, whole)
            os.truncate(path, len(whole) + size)
            with open(path, "ab") as file:
                file.write(alternate("a", b"alternate"))
            write(self.at(name, ":a"), b"changed")
            write(self.at(name, ":b"), b"added")
            self.assertLess(os.stat(path).st_blocks * 512, KIB64, name)
            self.assertEqual(os.stat(path).st_size, len(whole) + size + len(
                alternate("a", b"changed") + alternate("b", b"added")))
            self.assertEqual(read(self.at(name, ":b")), b"added")
            self.assertEqual(os.stat(self.at(name, "data")).st_size, size)

    def test_holes_become_blocks(self):
        """DATA(8, 0), blocks, terminator; before any ALTERNATE_DATA."""
        with Handle(self.data, os.O_WRONLY | os.O_TRUNC) as fd:
            os.pwrite(fd, b"a" * KIB64, KIB64)
            os.pwrite(fd, b"b" * KIB64, 4 * KIB64)
            os.ftruncate(fd, 10 * KIB64 + 5)
        want = (b"\0" * KIB64 + b"a" * KIB64 + b"\0" * 2 * KIB64
                + b"b" * KIB64).ljust(10 * KIB64 + 5, b"\0")
        self.check(want)
        self.assertEqual(self.shape(), [
            (DATA, 8, 0), (SPARSE_BLOCK, 8, 8 + KIB64),
            (SPARSE_BLOCK, 8, 8 + KIB64), (SPARSE_BLOCK, 8, 8),
            (ALTERNATE_DATA, 0, 9)])

    def test_all_hole(self):
        with Handle(self.data, os.O_WRONLY | os.O_TRUNC) as fd:
            os.ftruncate(fd, 1 << 40)
        self.assertEqual(os.stat(self.data).st_size, 1 << 40)
        self.assertEqual(os.stat(self.data).st_blocks, 0)
        self.assertEqual(self.shape(), [
            (DATA, 8, 0), (SPARSE_BLOCK, 8, 8), (ALTERNATE_DATA, 0, 9)])
        self.remount()
        self.assertEqual(os.stat(self.data).st_size, 1 << 40)

    def test_small_holes_stay_zeros(self):
        with Handle(self.data, os.O_WRONLY | os.O_TRUNC) as fd:
            for at in range(0, 20 * 8192, 8192):
                os.pwrite(fd, b"x" * 4096, at)
        self.check((b"x" * 4096 + b"\0" * 4096) * 19 + b"x" * 4096)
        self.assertEqual([s[:2] for s in self.shape()],
                         [(DATA, 0), (ALTERNATE_DATA, 0)])

    def test_sparse_and_back(self):
        with Handle(self.data, os.O_WRONLY) as fd:
            fallocate(fd, PUNCH_HOLE | KEEP_SIZE, KIB64, 2 * KIB64)
        want = bytearray(self.content)
        want[KIB64:3 * KIB64] = b"\0" * 2 * KIB64
        self.check(bytes(want))
        self.assertEqual(self.shape()[0], (DATA, 8, 0))
        with Handle(self.data, os.O_WRONLY) as fd:
            os.pwrite(fd, self.content[KIB64:3 * KIB64], KIB64)
        self.check(self.content)
        write(self.data, self.content)
        self.check(self.content)
        self.assertEqual([s[0] for s in self.shape()], [DATA, ALTERNATE_DATA])

    def test_sparse_data_after_alternates(self):
        """New sparse data goes before the alternate streams."""
        os.unlink(self.data)
        with Handle(self.data, os.O_WRONLY | os.O_CREAT) as fd:
            os.pwrite(fd, b"end", 3 * KIB64)
        self.check(b"\0" * 3 * KIB64 + b"end")
        self.assertEqual([s[0] for s in self.shape()], [
            DATA, SPARSE_BLOCK, SPARSE_BLOCK, ALTERNATE_DATA])

    def test_dense_data_after_alternates_stays_last(self):
        os.unlink(self.data)
        write(self.data, b"dense")
        self.assertEqual([s[0] for s in self.shape()], [ALTERNATE_DATA, DATA])
        self.check(b"dense")

    def test_sparse_alternate(self):
        with Handle(self.at("F", ":s"), os.O_WRONLY | os.O_CREAT) as fd:
            os.pwrite(fd, b"end", 3 * KIB64)
        write(self.at("F", ":t"), b"after")
        self.check(self.content)
        self.assertEqual([s[0] for s in self.shape()],
                         [DATA, ALTERNATE_DATA, ALTERNATE_DATA, SPARSE_BLOCK,
                          SPARSE_BLOCK, ALTERNATE_DATA])
        self.assertEqual(self.contents("F")[b":s"], b"\0" * 3 * KIB64 + b"end")

    def test_holes_in_other_streams_are_zeros(self):
        """Only DATA and ALTERNATE_DATA can be sparse."""
        with Handle(self.at("F", "property"), os.O_WRONLY | os.O_CREAT) as fd:
            os.pwrite(fd, b"end", 3 * KIB64)
        self.assertEqual(self.contents("F")[b"property"],
                         b"\0" * 3 * KIB64 + b"end")
        self.check(self.content)

    def test_renaming_a_sparse_stream_to_another_id(self):
        with Handle(self.at("F", ":s"), os.O_WRONLY | os.O_CREAT) as fd:
            os.pwrite(fd, b"end", 3 * KIB64)
        want = b"\0" * 3 * KIB64 + b"end"
        last = ":s"
        for name in (":r", "property", ":t", "id_00000042", ":u"):
            self.run_tool("mv", self.at("F", last), self.at("F", name))
            found = self.contents("F")
            self.assertEqual(found[name.encode()], want, name)
            self.assertNotIn(last.encode(), found)
            last = name
        self.check(self.content)

    def test_renaming_dense_content_of_a_sparse_stream(self):
        """Attribute 8 without blocks is plain content: nothing to copy."""
        self.put("G", record(1, 8, b"content"))
        os.rename(self.at("G/data"), self.at("G/property"))
        self.assertEqual(self.contents("G"), {b"property": b"content"})

    def test_a_block_of_its_own_stays_apart(self):
        """sparse_block must not fall to a stream that precedes it."""
        payload = struct.pack("<Q", 3) + b"loose"
        try:
            write(self.at("F", "sparse_block"), payload)
        except OSError:
            self.assertEqual(set(self.contents("F")),
                             {b"data", b"security", b":a"})
        else:
            self.assertEqual(self.contents("F").get(b"sparse_block"), payload)
        self.check(self.content)

    def test_removing_the_stream_before_a_block_of_another(self):
        """Blocks belong to the stream before them: both go, or both stay."""
        self.put("G", record(1, 8) + record(2, 0, b"ea")
                 + block(KIB64, b"of data") + block(KIB64 + 7)
                 + alternate("a", b"", 8) + record(7, 0, b"id")
                 + block(0, b"of a") + block(4))
        os.unlink(self.at("G", ":a"))
        self.assertEqual(self.contents("G"), {
            b"data": b"\0" * KIB64 + b"of data", b"ea": b"ea",
            b"object_id": b"id"})
        os.unlink(self.at("G", "data"))
        self.assertEqual(self.contents("G"), {b"ea": b"ea",
                                              b"object_id": b"id"})

    def test_seeking_in_what_is_staged(self):
        with Handle(self.data, os.O_RDWR | os.O_TRUNC) as fd:
            os.pwrite(fd, b"x" * KIB64, 4 * KIB64)
            os.ftruncate(fd, 16 * KIB64)
            self.assertEqual(os.lseek(fd, 0, os.SEEK_DATA), 4 * KIB64)
            self.assertEqual(os.lseek(fd, 4 * KIB64, os.SEEK_HOLE), 5 * KIB64)
            self.fails(errno.ENXIO, os.lseek, fd, 6 * KIB64, os.SEEK_DATA)

    def test_seeking_in_plain_content(self):
        with Handle(self.data, os.O_RDONLY) as fd:
            size = len(self.content)
            self.assertEqual(os.lseek(fd, 100, os.SEEK_DATA), 100)
            self.assertEqual(os.lseek(fd, 100, os.SEEK_HOLE), size)
            self.fails(errno.ENXIO, os.lseek, fd, size, os.SEEK_DATA)
            self.fails(errno.ENXIO, os.lseek, fd, size + 1, os.SEEK_HOLE)


class Ranges(Writing):
    def test_punch_hole(self):
        with Handle(self.data, os.O_RDWR) as fd:
            fallocate(fd, PUNCH_HOLE | KEEP_SIZE, 1000, 3 * KIB64)
            fallocate(fd, PUNCH_HOLE | KEEP_SIZE, 500000, 10**9)
            self.assertEqual(os.fstat(fd).st_size, len(self.content))
        want = bytearray(self.content)
        want[1000:1000 + 3 * KIB64] = b"\0" * 3 * KIB64
        want[500000:] = b"\0" * 12000
        self.check(bytes(want))

    def test_allocate(self):
        with Handle(self.data, os.O_RDWR) as fd:
            fallocate(fd, 0, 512000, 100000)
            self.assertEqual(os.fstat(fd).st_size, 612000)
            os.pwrite(fd, b"in it", 600000)
        self.check(self.content + b"\0" * 88000 + b"in it" + b"\0" * 11995)

    def test_allocate_keeping_the_size(self):
        before = fingerprint(self.under("F"))
        with Handle(self.data, os.O_RDWR) as fd:
            fallocate(fd, KEEP_SIZE, 512000, 1 << 20)
            self.assertEqual(os.fstat(fd).st_size, 512000)
        self.assertEqual(fingerprint(self.under("F"))[-1], before[-1])
        self.check(self.content)

    def test_wrong_ranges(self):
        with Handle(self.data, os.O_RDWR) as fd:
            self.fails(errno.EINVAL, fallocate, fd, 0, 0, 0)
            self.fails({errno.EOPNOTSUPP, errno.EINVAL}, fallocate, fd,
                       PUNCH_HOLE, 0, 4096)
        self.check(self.content)

    def test_copying_within_the_mount(self):
        with Handle(self.data, os.O_RDONLY) as source, \
                Handle(self.at("F", ":copy"),
                       os.O_RDWR | os.O_CREAT) as target:
            done = 0
            while done < len(self.content):
                n = os.copy_file_range(source, target, len(self.content) - done)
                self.assertGreater(n, 0)
                done += n
            self.assertEqual(os.copy_file_range(source, target, 100), 0)
            self.assertTrue(os.pread(target, done + 1, 0) == self.content)
        self.assertTrue(self.contents("F")[b":copy"] == self.content)
        self.check(self.content)

    def test_copying_staged_bytes(self):
        """The source of a copy is what was written, not what was committed."""
        with Handle(self.data, os.O_RDWR) as source, \
                Handle(self.at("F", ":copy"),
                       os.O_RDWR | os.O_CREAT) as target:
            os.pwrite(source, b"staged", 10)
            n = os.copy_file_range(source, target, 6, 10, 2)
            self.assertEqual(n, 6)
        self.assertEqual(self.contents("F")[b":copy"], b"\0\0staged")

    def test_copying_to_a_plain_file(self):
        plain = os.path.join(self.tmp, "plain")
        with Handle(self.data, os.O_RDONLY) as source, \
                Handle(plain, os.O_WRONLY | os.O_CREAT) as target:
            os.sendfile(target, source, 0, len(self.content))
        self.assertTrue(read(plain) == self.content)


if __name__ == "__main__":
    main()
