#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""bkup unpack and pack do what copying out of a mount and into it does."""

import json
import os
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from mountcase import MountCase, main, read, skip_all
from nt_names import parse_child
from nt_random import generate
from nt_records import (
    ALTERNATE_DATA, alternate, block, listing, record)

BKUP = os.environ.get("BKUP")
SEEDS = range(30)
MIB = 1 << 20
BLOCK = 4096
HOLE_MIN = 65536
DATA, EA_DATA, SECURITY_DATA = 1, 2, 3


def has_long_name(data):
    return any(len(child) > 255 for child in listing(data))


def clear_ends(stream):
    """Where data begin and end, but for holes so short that a block more or
    less may make them data."""
    ends = []
    for start, end in stream.ranges():
        if ends and start - ends[-1] < HOLE_MIN + 2 * BLOCK:
            ends.pop()
        else:
            ends.append(start)
        ends.append(end)
    return ends


class Unpacking(MountCase):
    def bkup(self, *arguments):
        done = subprocess.run([BKUP, *arguments], capture_output=True,
                              check=False, timeout=120)
        self.assertEqual((done.returncode, done.stderr), (0, b""), arguments)
        return done.stdout

    def plain(self, top):
        """{path: content, or what else stands there}, but for side files."""
        found = {}
        for path, dirs, files in os.walk(os.fsencode(top)):
            for name in dirs + files:
                full = os.path.join(path, name)
                key = os.path.relpath(full, os.fsencode(top))
                if os.path.islink(full):
                    found[key] = os.readlink(full)
                elif os.path.isdir(full):
                    found[key] = None
                elif not name.startswith(b".bkup."):
                    found[key] = read(full)
        return found

    def fill(self):
        """Backup files that both ways can show; returns their names."""
        names = []
        for seed in SEEDS:
            data = generate(seed)
            if has_long_name(data):
                continue
            self.put(f"random-{seed}", data)
            if data:  # an empty directory is not an empty object
                names.append(f"random-{seed}")
        os.mkdir(self.under("sub"))
        self.put("sub/sparse", record(DATA, 8) + block(MIB, b"x" * 100000) +
                 block(9 * MIB) + alternate("a", b"a"))
        self.put("sub/empty", b"")
        os.mkdir(self.under("sub/none"))
        os.symlink("../random-0", self.under("sub/link"))
        self.assertGreater(len(names), 5)
        return [*names, "sub/sparse"]

    def test_unpacked_is_what_is_copied_out(self):
        self.fill()
        self.mount()
        copied = os.path.join(self.tmp, "copied")
        self.run_tool("cp", "-r", self.point, copied)
        self.mounts[-1].stop()
        unpacked = os.path.join(self.tmp, "unpacked")
        self.bkup("unpack", "-r", self.source, unpacked)
        self.assertEqual(self.plain(unpacked), self.plain(copied))

    def compare(self, one, other):
        """Two backup files have the same streams, but for their order. Data
        that is staged may seem to begin or end within the next block."""
        data = [read(one), read(other)]
        left, right = map(listing, data)
        self.assertEqual(sorted(left), sorted(right))
        for child, stream in left.items():
            twin = right[child]
            self.assertEqual(
                (stream.head.id, stream.head.attributes, stream.size),
                (twin.head.id, twin.head.attributes, twin.size), child)
            self.assertTrue(stream.content(data[0]) == twin.content(data[1]),
                            child)
            ends, others = clear_ends(stream), clear_ends(twin)
            self.assertEqual(len(ends), len(others), child)
            for end, other_end in zip(ends, others):
                self.assertLess(abs(end - other_end), BLOCK, child)

    def copy_in(self, top):
        """Copies a tree into the mount, each first of its name before the
        second, as it must be there to count from."""
        for path, dirs, files in os.walk(os.fsencode(top)):
            below = os.path.relpath(path, os.fsencode(top))
            for name in dirs:
                if not os.path.islink(os.path.join(path, name)):
                    os.mkdir(self.at(below, name))
            files = [name for name in files
                     if not os.path.islink(os.path.join(path, name))]
            for name in sorted(files, key=lambda name: (
                    parse_child(name)[2], name)):
                self.run_tool("cp", "--sparse=auto", os.path.join(path, name),
                              self.at(below, name))

    def test_packed_is_what_is_copied_in(self):
        names = self.fill()
        self.mount()
        copied = os.path.join(self.tmp, "copied")
        self.run_tool("cp", "-r", self.point, copied)
        self.mounts[-1].stop()
        other = self.directory("other")
        self.mount(source=other)
        self.copy_in(copied)
        self.mounts[-1].stop()
        packed = os.path.join(self.tmp, "packed")
        self.bkup("pack", "-r", copied, packed)
        for name in names:
            with self.subTest(name=name):
                self.compare(os.path.join(packed, name),
                             os.path.join(other, name))

    def test_digests_are_the_same(self):
        names = self.fill()
        self.mount()
        for name in names:
            lines = subprocess.run(
                [BKUP, "check", "--json", "--digest", self.under(name)],
                capture_output=True, check=False).stdout.splitlines()
            shown = {line["name"]: line["xxh3"] for line in
                     map(json.loads, lines) if line["kind"] == "digest"}
            self.assertEqual(shown, {
                child: os.getxattr(self.at(name, child),
                                   "user.bkupfs.xxh3").decode()
                for child in os.listdir(self.at(name))})

    def test_normalized_is_what_order_canonical_writes(self):
        for name, extra in (("a", record(SECURITY_DATA, 2, b"sd")),
                            ("b", b""), ("c", record(12, 0, b"?"))):
            self.put(name, alternate("z", b"z") + record(EA_DATA, 0, b"ea") +
                     alternate("y", b"y") + extra + record(DATA, 8) +
                     block(MIB, b"x") + record(8, 0, b"rp") + block(2 * MIB))
            shutil.copy(self.under(name), os.path.join(self.tmp, name))
        self.mount("-o", "order=canonical")
        for name in "abc":
            path = os.path.join(self.tmp, name)
            with open(self.at(name, ":z"), "wb") as file:
                file.write(b"Z")
            self.bkup("normalize", path)
            data = bytearray(read(path))
            stream = listing(data)[b":z"]
            self.assertEqual(stream.head.id, ALTERNATE_DATA)
            data[stream.head.payload] = ord("Z")
            self.assertEqual(read(self.under(name)), bytes(data))


if __name__ == "__main__":
    if not BKUP:
        skip_all("BKUP names no tool")
    main()
