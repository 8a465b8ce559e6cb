#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What readers and writers of one object see of each other."""

import mmap
import os
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from mountcase import MountCase, main, read, write, write_all
from nt_records import alternate, block, record

OLD = bytes(range(256)) * (4 << 12)  # 4 MiB
CHUNK = 65536


class Readers(MountCase):
    def setUp(self):
        super().setUp()
        self.put("F", record(3, 2, b"security") + record(1, 0, OLD)
                 + alternate("a", b"first alternate"))
        self.mount()
        self.data = self.at("F", "data")

    def old_content_during(self, change):
        """A reader that began before a change reads on as if there was none."""
        fresh = os.open(self.data, os.O_RDONLY)
        self.addCleanup(os.close, fresh)
        begun = os.open(self.data, os.O_RDONLY)
        self.addCleanup(os.close, begun)
        got = os.read(begun, CHUNK)
        change()
        while True:
            more = os.read(begun, CHUNK)
            got += more
            if not more:
                break
        self.assertEqual(len(got), len(OLD))
        self.assertTrue(got == OLD, "a mix of old and new")
        self.assertTrue(os.pread(fresh, len(OLD) + 1, 0) == OLD,
                        "an open that had read nothing yet")
        self.assertEqual(os.fstat(begun).st_size, len(OLD))
        self.assertTrue(os.pread(begun, len(OLD) + 1, 0) == OLD, "read again")

    def test_growing(self):
        new = b"n" * (2 * len(OLD))
        self.old_content_during(lambda: write(self.data, new))
        self.assertTrue(read(self.data) == new)

    def test_shrinking(self):
        self.old_content_during(lambda: write(self.data, b"short"))
        self.assertEqual(read(self.data), b"short")

    def test_same_size(self):
        new = OLD[::-1]
        self.old_content_during(lambda: write(self.data, new))
        self.assertTrue(read(self.data) == new)

    def test_overwriting_a_part(self):
        def change():
            fd = os.open(self.data, os.O_WRONLY)
            os.pwrite(fd, b"X" * CHUNK, 2 * CHUNK)
            os.close(fd)
        self.old_content_during(change)
        self.assertEqual(read(self.data)[2 * CHUNK:3 * CHUNK], b"X" * CHUNK)

    def test_renaming_over(self):
        def change():
            write(self.at("F", ".new"), b"renamed into place")
            os.rename(self.at("F", ".new"), self.data)
        self.old_content_during(change)
        self.assertEqual(read(self.data), b"renamed into place")

    def test_truncating(self):
        self.old_content_during(lambda: os.truncate(self.data, 100))
        self.assertEqual(read(self.data), OLD[:100])

    def test_unlinking(self):
        self.old_content_during(lambda: os.unlink(self.data))
        self.assertFalse(os.path.exists(self.data))
        self.assertNotIn(b"data", self.streams("F"))

    def test_changing_a_neighbour(self):
        def change():
            write(self.at("F", "security"), b"s" * 100000)
            os.unlink(self.at("F", ":a"))
            write(self.at("F", ":b"), b"b" * 5)
        self.old_content_during(change)
        self.assertTrue(read(self.data) == OLD)

    def test_removing_the_object(self):
        def change():
            for child in os.listdir(self.at("F")):
                os.unlink(self.at("F", child))
            os.rmdir(self.at("F"))
        self.old_content_during(change)

    def test_many_versions(self):
        held = []
        for version in range(8):
            write(self.data, bytes([version]) * (100000 + version))
            fd = os.open(self.data, os.O_RDONLY)
            self.addCleanup(os.close, fd)
            held.append(fd)
        for version, fd in enumerate(held):
            want = bytes([version]) * (100000 + version)
            self.assertTrue(os.pread(fd, 200000, 0) == want, version)

    def test_open_after_commit_sees_the_new_content(self):
        for version in range(50):
            content = b"%d" % version * (1 + 1000 * (version % 3))
            write(self.data, content)
            self.assertEqual(read(self.data), content)
            self.assertEqual(os.stat(self.data).st_size, len(content))

    def test_open_after_write_sees_the_staged_content(self):
        fd = os.open(self.data, os.O_WRONLY)
        try:
            os.pwrite(fd, b"staged", 0)
            with open(self.data, "rb") as other:
                self.assertEqual(other.read(6), b"staged")
        finally:
            os.close(fd)
        self.assertEqual(read(self.data), b"staged" + OLD[6:])

    def test_nothing_is_committed_before_close(self):
        before = read(self.under("F"))
        fd = os.open(self.data, os.O_WRONLY | os.O_TRUNC)
        try:
            write_all(fd, b"half")
            self.assertTrue(read(self.under("F")) == before)
        finally:
            os.close(fd)
        self.assertEqual(self.contents("F")[b"data"], b"half")

    def test_two_writers_of_two_streams(self):
        one = os.open(self.data, os.O_WRONLY | os.O_TRUNC)
        two = os.open(self.at("F", ":a"), os.O_WRONLY | os.O_TRUNC)
        three = os.open(self.at("F", ":new"), os.O_WRONLY | os.O_CREAT, 0o644)
        for i in range(100):
            write_all(one, b"1" * 1000)
            write_all(two, b"2" * 10)
            write_all(three, b"3")
        for fd in (two, one, three):
            os.close(fd)
        self.assertEqual(self.contents("F"), {
            b"security": b"security", b"data": b"1" * 100000,
            b":a": b"2" * 1000, b":new": b"3" * 100})

    def test_writers_at_once(self):
        """Eight threads write eight streams over and over."""
        faults = []

        def work(number):
            try:
                for turn in range(12):
                    content = b"%d.%d " % (number, turn) * (number * 500)
                    write(self.at("F", f":w{number}"), content)
                    if read(self.at("F", f":w{number}")) != content:
                        faults.append((number, turn))
            except OSError as error:
                faults.append((number, error))

        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(faults, [])
        found = self.contents("F")
        for number in range(8):
            self.assertEqual(found[b":w%d" % number],
                             b"%d.11 " % number * (number * 500))
        self.assertTrue(found[b"data"] == OLD)

    def test_replacing_by_rename_while_others_read(self):
        """Whoever opens gets one of the contents, and all of it."""
        faults = []
        end = time.monotonic() + 3

        def work(number):
            turn = 0
            while time.monotonic() < end and not faults:
                turn += 1
                count = 1 + (turn * 7919 * (number + 1)) % 20000
                write(self.at("F", f".t{number}"), b"%09d " % count * count)
                os.rename(self.at("F", f".t{number}"), self.data)
                found = read(self.data)
                if found != found[:10] * int(found[:9]):
                    faults.append((len(found), found[:20]))

        write(self.data, b"%09d " % 1)
        threads = [threading.Thread(target=work, args=(n,)) for n in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(faults, [])

    def test_two_writers_of_one_stream(self):
        one = os.open(self.data, os.O_WRONLY)
        two = os.open(self.data, os.O_WRONLY)
        os.pwrite(one, b"1" * 4096, 0)
        os.pwrite(two, b"2" * 4096, 4096)
        os.close(one)
        os.pwrite(two, b"3" * 4096, 8192)
        os.close(two)
        self.assertTrue(self.contents("F")[b"data"] == b"1" * 4096
                        + b"2" * 4096 + b"3" * 4096 + OLD[12288:])

    def test_reader_and_writer_of_one_handle(self):
        fd = os.open(self.data, os.O_RDWR)
        try:
            self.assertEqual(os.pread(fd, 4, 1), OLD[1:5])
            os.pwrite(fd, b"four", 1)
            self.assertEqual(os.pread(fd, 4, 1), b"four")
            self.assertEqual(os.fstat(fd).st_size, len(OLD))
        finally:
            os.close(fd)

    def test_writing_an_unlinked_stream(self):
        fd = os.open(self.data, os.O_RDWR)
        try:
            os.unlink(self.data)
            self.assertTrue(os.pread(fd, CHUNK, 0) == OLD[:CHUNK])
            os.pwrite(fd, b"unseen", 0)
            self.assertEqual(os.pread(fd, 6, 0), b"unseen")
            self.assertEqual(os.fstat(fd).st_size, len(OLD))
        finally:
            os.close(fd)
        self.assertEqual(set(self.contents("F")), {b"security", b":a"})

    def test_writing_after_a_rename(self):
        """A handle follows its stream to its new name."""
        fd = os.open(self.data, os.O_WRONLY)
        try:
            os.pwrite(fd, b"before", 0)
            os.rename(self.data, self.at("F", ":moved"))
            os.pwrite(fd, b"after!", 6)
        finally:
            os.close(fd)
        found = self.contents("F")
        self.assertNotIn(b"data", found)
        self.assertEqual(found[b":moved"][:12], b"beforeafter!")
        self.assertTrue(found[b":moved"][12:] == OLD[12:])

    def test_writing_while_the_object_is_renamed(self):
        fd = os.open(self.data, os.O_WRONLY | os.O_TRUNC)
        try:
            write_all(fd, b"one")
            os.rename(self.at("F"), self.at("G"))
            write_all(fd, b"two")
        finally:
            os.close(fd)
        self.assertFalse(os.path.exists(self.under("F")))
        self.assertEqual(self.contents("G")[b"data"], b"onetwo")
        self.assertEqual(read(self.at("G", "data")), b"onetwo")


class Mapped(MountCase):
    def setUp(self):
        super().setUp()
        self.put("F", record(1, 0, OLD) + alternate("a", b"alternate"))
        self.put("S", record(1, 8) + block(65536, b"x" * 70000)
                 + block(1 << 20))
        self.mount()
        self.data = self.at("F", "data")

    def map(self, path, flags, protection, mode):
        fd = os.open(path, mode)
        try:
            return mmap.mmap(fd, 0, flags, protection)
        finally:
            os.close(fd)

    def test_shared_read(self):
        with self.map(self.data, mmap.MAP_SHARED, mmap.PROT_READ,
                      os.O_RDONLY) as view:
            self.assertTrue(view[:] == OLD)
        hole = b"\0" * 65536
        with self.map(self.at("S", "data"), mmap.MAP_SHARED, mmap.PROT_READ,
                      os.O_RDONLY) as view:
            self.assertTrue(view[:] == (hole + b"x" * 70000).ljust(1 << 20,
                                                                  b"\0"))

    def test_private_write_stays_private(self):
        before = read(self.under("F"))
        with self.map(self.data, mmap.MAP_PRIVATE,
                      mmap.PROT_READ | mmap.PROT_WRITE, os.O_RDONLY) as view:
            view[:4] = b"mine"
            self.assertTrue(view[:] == b"mine" + OLD[4:])
        self.assertTrue(read(self.under("F")) == before)

    def test_old_content_stays_mapped(self):
        with self.map(self.data, mmap.MAP_SHARED, mmap.PROT_READ,
                      os.O_RDONLY) as view:
            self.assertTrue(view[:4096] == OLD[:4096])
            write(self.data, b"new" * len(OLD))
            self.assertTrue(view[:] == OLD)

    def test_store_after_close(self):
        """A store through a mapping whose handle is closed is not lost."""
        with self.map(self.data, mmap.MAP_SHARED,
                      mmap.PROT_READ | mmap.PROT_WRITE, os.O_RDWR) as view:
            view[5000:5005] = b"store"
        want = OLD[:5000] + b"store" + OLD[5005:]
        self.mounts[-1].stop()
        self.assertTrue(self.contents("F")[b"data"] == want)
        self.assertEqual(self.contents("F")[b":a"], b"alternate")

    def test_store_and_msync(self):
        with self.map(self.data, mmap.MAP_SHARED,
                      mmap.PROT_READ | mmap.PROT_WRITE, os.O_RDWR) as view:
            view[0:5] = b"store"
            view.flush()
            self.assertTrue(self.contents("F")[b"data"] == b"store" + OLD[5:])
            self.assertEqual(read(self.data)[:5], b"store")


if __name__ == "__main__":
    main()
