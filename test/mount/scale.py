#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Many files, many streams."""

import json
import os
import re
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from mountcase import SANITIZED, MountCase, main, read, write
from nt_records import alternate, record

FILES = 100_000
MIB = 1 << 20


def many(count):
    """A backup file of so many small streams."""
    return b"".join(alternate("%06d" % n, b"%d" % n) for n in range(count))


class Files(MountCase):
    def test_listing_opens_no_file(self):
        for number in range(FILES):
            os.close(os.open(self.under(f"f{number:06}"),
                             os.O_WRONLY | os.O_CREAT, 0o644))
        self.put("f000007", record(1, 0, b"seven"))
        self.mount()
        with self.traced("open,openat,openat2") as lines:
            listed = self.run_tool("ls", "-f", self.point)
            sizes = self.run_tool("find", self.point, "-maxdepth", "1",
                                  "-printf", "%s\n")
            # ls -l asks for extended attributes too, which takes long when
            # it is traced; a part will do.
            long = self.run_tool("ls", "-ld", *[
                self.at(f"f{number:06}") for number in range(1000)])
            self.assertEqual(read(self.at("f000007/data")), b"seven")
        self.assertEqual(len(listed.splitlines()), FILES + 2)
        self.assertEqual(len(sizes.splitlines()), FILES + 1)
        self.assertEqual(len(long.splitlines()), 1000)
        # What is open O_PATH is opened by its number; strace shows its name.
        opened = {}
        for line in lines:
            name = re.search(r"f[0-9]{6}", line)
            if name and "O_PATH" not in line:
                opened[name.group()] = line
        # The one that was read shows that the trace works.
        self.assertEqual(list(opened), ["f000007"])


class Streams(MountCase):
    def listing_time(self, name):
        """Of the first look, by a fresh daemon."""
        self.remount()
        start = time.monotonic()
        listed = os.listdir(self.at(name))
        return time.monotonic() - start, listed

    def test_listing_is_linear(self):
        counts = {"small": 25_000, "large": 100_000}
        for name, count in counts.items():
            self.put(name, many(count))
        self.mount()
        times = {}
        for name, count in counts.items():
            times[name] = []
            for _ in range(3):
                seconds, listed = self.listing_time(name)
                self.assertEqual(len(listed), count)
                self.assertEqual(len(set(listed)), count)
                times[name].append(seconds)
        print({name: min(found) for name, found in times.items()})
        self.assertLess(min(times["large"]), 10 * min(times["small"]))

    def test_walk_and_memory(self):
        self.put("large", many(100_000))
        mount = self.mount()
        start = time.monotonic()
        self.run_tool("ls", "-lU", self.at("large"))
        seconds = time.monotonic() - start
        for number in (0, 1, 50_000, 99_999):
            self.assertEqual(read(self.at("large", ":%06d" % number)),
                             b"%d" % number)
        print("ls -l:", seconds)
        if SANITIZED:
            print("the limits on time and memory are not for sanitizers")
            return
        self.assertLess(seconds, 20)
        self.assertLess(mount.peak_memory(), 200 * MIB)

    def test_views_of_many(self):
        count = 100_000
        self.put("large", many(count))
        mount = self.mount()
        start = time.monotonic()
        path = self.at("large/.view/streams.json")
        size = os.stat(path).st_size
        index = read(path)
        seconds = time.monotonic() - start
        self.assertEqual(len(index), size)
        rows = json.loads(index)
        self.assertEqual([row["name"] for row in rows],
                         [":%06d" % n for n in range(count)])
        os.mkdir(self.at("clone"))
        write(self.at("clone/.view/backup"),
              read(self.at("large/.view/backup")))
        self.assertEqual(read(self.under("clone")), read(self.under("large")))
        print("streams.json:", seconds)
        if not SANITIZED:
            self.assertLess(seconds, 20)
            self.assertLess(mount.peak_memory(), 200 * MIB)

    def test_changing_one_of_many(self):
        self.put("large", many(100_000))
        mount = self.mount()
        write(self.at("large/:050000"), b"changed" * 100)
        os.unlink(self.at("large/:000000"))
        os.rename(self.at("large/:000001"), self.at("large/:renamed"))
        write(self.at("large/:new"), b"new")
        found = self.contents("large")
        self.assertEqual(len(found), 100_000)
        self.assertEqual(found[b":050000"], b"changed" * 100)
        self.assertEqual(found[b":renamed"], b"1")
        self.assertEqual(found[b":099999"], b"99999")
        if not SANITIZED:
            self.assertLess(mount.peak_memory(), 200 * MIB)


if __name__ == "__main__":
    main()
