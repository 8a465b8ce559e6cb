#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Backup files decode to what an independent decoder says."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from mountcase import MountCase, fingerprint, main, read
from nt_compare import compare
from nt_random import generate
from nt_records import ALTERNATE_DATA, block, listing, record, utf16

SAMPLES = os.path.join(os.path.dirname(__file__), "..", "data", "nt-backup")
SEEDS = range(78)


class Decode(MountCase):
    def compare_all(self, names):
        for name in names:
            faults = compare(read(self.under(name)), self.at(name))
            self.assertEqual(faults, [], name)

    def untouched(self, names, look):
        before = {name: fingerprint(self.under(name)) for name in names}
        entries = sorted(os.listdir(self.source))
        look()
        self.mounts[-1].stop()
        after = {name: fingerprint(self.under(name)) for name in names}
        self.assertEqual(before, after)
        self.assertEqual(sorted(os.listdir(self.source)), entries)

    def test_random_files(self):
        names = []
        for seed in SEEDS:
            names.append(f"random-{seed}")
            self.put(names[-1], generate(seed))
        self.mount()
        self.untouched(names, lambda: self.compare_all(names))

    def test_random_files_read_only(self):
        names = []
        for seed in range(1000, 1013):
            names.append(f"random-{seed}")
            self.put(names[-1], generate(seed))
        self.mount("-o", "ro")
        self.untouched(names, lambda: self.compare_all(names))

    def test_samples(self):
        names = [name for name in os.listdir(SAMPLES) if name.endswith(".bin")]
        self.assertGreaterEqual(len(names), 2)
        for name in names:
            self.put(name, read(os.path.join(SAMPLES, name)))
        self.mount()
        self.untouched(names, lambda: self.compare_all(names))

    def test_empty_file(self):
        self.put("empty", b"")
        self.mount()
        self.assertEqual(os.listdir(self.at("empty")), [])

    def test_missing_and_empty_data_are_distinct(self):
        self.put("missing", record(3, 2, b"s"))
        self.put("present", record(3, 2, b"s") + record(1))
        self.mount()
        self.assertEqual(os.listdir(self.at("missing")), ["security"])
        self.assertEqual(sorted(os.listdir(self.at("present"))),
                         ["data", "security"])
        self.assertEqual(read(self.at("present", "data")), b"")

    def test_names_of_765_bytes(self):
        raw = utf16(":" + "\u20ac" * 255 + ":$DATA")
        name = ":" + "\u20ac" * 255
        self.put("long", record(4, 0, b"content", raw)
                 + record(4, 0, b"second", raw))
        self.mount()
        self.compare_all(["long"])
        self.assertEqual(read(self.at("long", name)), b"content")
        self.assertEqual(read(self.at("long", name + "#2")), b"second")
        listed = self.run_tool("ls", self.at("long"))
        self.assertIn(name, listed.splitlines())

    def test_names_of_64_kib(self):
        names = [utf16(":" + letter * 32760 + ":$DATA") + utf16("y")
                 for letter in "ab"] + [b"\0\xd8" * 32768]
        self.assertEqual(max(map(len, names)), 65536)
        data = b"".join(record(4, 0, bytes([i]) * 10, name)
                        for i, name in enumerate(names))
        self.put("huge", data)
        self.mount()
        self.compare_all(["huge"])
        self.assertTrue(all(len(child) == 1000
                            for child in os.listdir(self.at(b"huge"))))

    def test_one_huge_hole(self):
        top = 2**62
        self.put("far", record(1, 8) + block(0, b"near") +
                 block(top - 4, b"far!") + block(top))
        self.mount()
        self.compare_all(["far"])
        path = self.at("far", "data")
        size = self.run_tool("ls", "-l", path).split()[4]
        self.assertEqual(int(size), top)
        fd = os.open(path, os.O_RDONLY)
        self.addCleanup(os.close, fd)
        self.assertEqual(os.lseek(fd, -4, os.SEEK_END), top - 4)
        self.assertEqual(os.read(fd, 100), b"far!")
        self.assertEqual(os.lseek(fd, 4, os.SEEK_DATA), top - 4)
        self.assertEqual(os.lseek(fd, 0, os.SEEK_HOLE), 4)
        self.fails(6, os.lseek, fd, top, os.SEEK_DATA)  # ENXIO

    def test_last_byte_that_there_can_be(self):
        top = 2**63 - 1
        self.put("far", record(1, 8) + block(top - 1, b"!"))
        self.mount()
        self.assertEqual(os.stat(self.at("far", "data")).st_size, top)
        self.put("end", record(1, 8) + block(top))
        self.assertEqual(os.stat(self.at("end", "data")).st_size, top)

    def test_orphan_blocks_keep_their_offset(self):
        self.put("orphan", block(7, b"lost") + record(1, 0, b"main"))
        self.mount()
        self.compare_all(["orphan"])
        self.assertEqual(read(self.at("orphan", "sparse_block")),
                         b"\7\0\0\0\0\0\0\0lost")

    def test_reading_in_odd_pieces(self):
        data = generate(8)
        self.put("pieces", data)
        self.mount()
        stream = listing(data)[b"data"]
        content = stream.content(data)
        for size in (1, 3, 511, 4097, 65537):
            fd = os.open(self.at("pieces", "data"), os.O_RDONLY)
            try:
                step = max(1, stream.size // 200)
                for at in range(0, stream.size, step):
                    self.assertEqual(os.pread(fd, size, at),
                                     content[at:at + size], (at, size))
            finally:
                os.close(fd)

    def test_reading_past_the_end(self):
        self.put("short", record(1, 0, b"abc"))
        self.mount()
        fd = os.open(self.at("short", "data"), os.O_RDONLY)
        self.addCleanup(os.close, fd)
        for at in (3, 4, 5000, 2**40):
            self.assertEqual(os.pread(fd, 10, at), b"")

    def test_walking_sees_every_stream(self):
        for seed in range(20):
            self.put(f"random-{seed}", generate(seed, plain_names=True))
        self.mount()
        found = self.run_tool("find", self.point, "-type", "f", "-print0")
        want = sum(len(listing(read(self.under(name))))
                   for name in os.listdir(self.source))
        self.assertEqual(found.count("\0"), want)

    def test_alternate_named_like_data(self):
        raw = utf16("::$DATA")
        self.put("odd", record(ALTERNATE_DATA, 0, b"x", raw))
        self.mount()
        self.compare_all(["odd"])


if __name__ == "__main__":
    main()
