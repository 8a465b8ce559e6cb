#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What replaces an old version waits for a flush of the disk, but where the
filesystem's journal brings it there before the new name."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from imagecase import MIB, ImageCase, skip_without_images
from mountcase import main, read, write
from nt_records import record


class Ordering(ImageCase):
    """flushes: whether a commit waits for one."""

    mkfs = ("mkfs.ext4", "-q")
    flushes = False

    def test_a_flush_where_it_is_needed(self):
        self.put("F", record(1, 0, b"old"))
        self.mount()
        with self.traced("fdatasync,fsync,sync_file_range") as lines:
            write(self.at("F/data"), b"new")
            os.unlink(self.at("F/data"))
            write(self.at("F/:a"), b"first")
            write(self.at("F/:b"), b"second")
        calls = [line.split()[1].split("(")[0] for line in lines
                 if "/new-" in line or "/stage-" in line]
        order = "sync_file_range"
        # The third one replaces what has no streams; the second has none.
        self.assertEqual(calls, ["fdatasync", "fdatasync", order, "fdatasync"]
                         if self.flushes else [order, order, order])
        self.assertEqual(self.contents("F"), {b":a": b"first", b":b": b"second"})

    def test_what_was_asked_for_is_flushed(self):
        self.put("F", record(1, 0, b"old"))
        self.mount()
        fd = os.open(self.at("F/data"), os.O_WRONLY | os.O_TRUNC)
        try:
            with self.traced("fdatasync,sync_file_range") as lines:
                os.write(fd, b"new")
                os.fsync(fd)
        finally:
            os.close(fd)
        self.assertTrue(any("fdatasync(" in line for line in lines), lines)
        self.assertEqual(read(self.at("F/data")), b"new")


class Writeback(Ordering):
    mount_options = ("-o", "loop,data=writeback")
    flushes = True


class NoJournal(Ordering):
    mkfs = ("mkfs.ext4", "-q", "-O", "^has_journal")
    flushes = True


class DataJournal(Ordering):
    mount_options = ("-o", "loop,data=journal")


class Xfs(Ordering):
    size = 400 * MIB
    mkfs = ("mkfs.xfs", "-q")


class Btrfs(Ordering):
    size = 200 * MIB
    mkfs = ("mkfs.btrfs", "-q")
    flushes = True


if __name__ == "__main__":
    skip_without_images()
    main()
