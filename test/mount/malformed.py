#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Files that are no backup files: refused, told once, and never written to."""

import errno
import os
import random
import re
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from mountcase import MountCase, fingerprint, main, read, write
from nt_compare import compare
from nt_ids import HEADER, SPARSE_BLOCK
from nt_random import generate
from nt_records import alternate, block, parse_leading, record

GOOD = record(3, 2, b"security!") + record(1, 0, b"main") \
    + alternate("a", b"one") + record(1, 8) + block(100, b"block")


def header(sid, size, name_size=0, attributes=0):
    return HEADER.pack(sid, attributes, size, name_size)


# What follows sound records, and is itself not sound.
TAILS = {
    "truncated-payload": header(2, 1000) + b"x" * 999,
    "truncated-name": header(4, 0, 10) + b"x" * 9,
    "name-alone": header(4, 0, 65536),
    "size-of-2-to-the-63": header(1, 2**63) + b"x" * 100,
    "size-of-minus-20": header(3, 2**64 - 20) + b"x" * 100,
    "size-of-minus-1": header(1, 2**64 - 1),
    "size-of-2-to-the-63-minus-1": header(1, 2**63 - 1) + b"x" * 100,
    "odd-name": header(4, 10, 7) + b"x" * 17,
    "oversized-name": header(4, 0, 65538) + b"x" * 65538,
    "huge-name": header(4, 0, 0xFFFFFFFE) + b"x" * 100,
    "odd-huge-name": header(4, 0, 0xFFFFFFFF) + b"x" * 100,
    "block-without-offset": header(SPARSE_BLOCK, 7, 0, 8) + b"x" * 7,
    "empty-block": header(SPARSE_BLOCK, 0, 0, 8),
    "block-beyond-the-end": record(SPARSE_BLOCK, 8,
                                   b"\xfb" + b"\xff" * 6 + b"\x7f" + b"12345"),
    "block-at-minus-1": record(SPARSE_BLOCK, 8, b"\xff" * 8),
    "text": b"This is a text, and no backup file at all.\n" * 10,
    "image": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8,
    "zeros-but-for-a-bit": bytes(20) * 10 + bytes(19) + b"\1",
    **{f"tail-of-{n}": b"\1\0\0\0" + b"\0" * (n - 4) if n > 4 else b"\1" * n
       for n in range(1, 20)},
}
ACCESSES = {
    "list": os.listdir,
    "lookup": lambda path: os.stat(os.path.join(path, "data")),
    "lookup of nothing": lambda path: os.stat(os.path.join(path, ":nothing")),
    "open": lambda path: os.open(os.path.join(path, "data"), os.O_RDONLY),
    "create": lambda path: os.open(os.path.join(path, "ea"),
                                   os.O_WRONLY | os.O_CREAT, 0o644),
    "truncate": lambda path: os.truncate(os.path.join(path, "data"), 0),
    "unlink": lambda path: os.unlink(os.path.join(path, "data")),
    "rename": lambda path: os.rename(os.path.join(path, "data"),
                                     os.path.join(path, ":x")),
}


def offset_in(line, offset):
    """Whether a line names an offset, as a decimal or hexadecimal number."""
    numbers = re.findall(r"\b0x[0-9a-fA-F]+\b|\b[0-9]+\b", line)
    return offset in [int(n, 16) if n.startswith("0x") else int(n)
                      for n in numbers]


class Malformed(MountCase):
    def setUp(self):
        super().setUp()
        self.faults = {}
        for lead, before in (("alone", b""), ("after", GOOD)):
            for name, tail in TAILS.items():
                data = before + tail
                records, fault = parse_leading(data)
                self.assertIsNotNone(fault, name)
                self.assertGreaterEqual(fault.offset, len(before))
                self.faults[f"{lead}-{name}"] = (data, records, fault)
        for name, (data, _, _) in self.faults.items():
            self.put(name, data)
        self.put("sound", GOOD)
        self.before = {name: fingerprint(self.under(name))
                       for name in [*self.faults, "sound"]}

    def untouched(self):
        for name, before in self.before.items():
            self.assertEqual(fingerprint(self.under(name)), before, name)


class Refused(Malformed):
    def test_refused(self):
        mount = self.mount()
        self.assertEqual(sorted(os.listdir(self.point)), sorted(self.before))
        self.run_tool("ls", "-l", self.point)
        for name in self.faults:
            for what, access in ACCESSES.items():
                with self.subTest(name=name, access=what):
                    self.fails(errno.EBADMSG, access, self.at(name))
        self.assertEqual(compare(GOOD, self.at("sound")), [])
        self.assertEqual(sorted(os.listdir(self.point)), sorted(self.before))
        mount.stop()
        self.untouched()
        for name, (_, _, fault) in self.faults.items():
            with self.subTest(name=name, log=True):
                lines = [line for line in mount.lines(name)
                         if re.search(rf"{name}(?![-\w])", line)]
                self.assertEqual(len(lines), 1, lines)
                self.assertTrue(offset_in(lines[0], fault.offset),
                                (lines[0], fault.offset))

    def test_removing_goes_nowhere(self):
        self.mount()
        for name in ("alone-text", "after-odd-name"):
            self.fails((errno.EBADMSG, errno.ENOTEMPTY), os.rmdir,
                       self.at(name))
        self.untouched()

    def test_renaming_and_attributes_of_the_whole_work(self):
        """The object is a file like others; only its inside is not."""
        self.mount()
        os.rename(self.at("alone-text"), self.at("renamed"))
        os.chmod(self.at("renamed"), 0o700)
        self.assertEqual(read(self.under("renamed")),
                         self.faults["alone-text"][0])
        self.fails(errno.EBADMSG, os.listdir, self.at("renamed"))

    def test_mended_files_are_seen(self):
        self.mount()
        self.fails(errno.EBADMSG, os.listdir, self.at("alone-text"))
        self.put("alone-text", GOOD)
        time.sleep(1.2)
        self.assertEqual(compare(GOOD, self.at("alone-text")), [])
        self.put("sound", b"no longer")
        time.sleep(1.2)
        self.fails(errno.EBADMSG, os.listdir, self.at("sound"))


class Salvaged(Malformed):
    def test_intact_leading_streams_are_shown(self):
        mount = self.mount("-o", "salvage")
        for name, (data, records, fault) in self.faults.items():
            with self.subTest(name=name):
                self.assertEqual(compare(data, self.at(name), records), [])
                lines = [line for line in mount.lines(name)
                         if re.search(rf"{name}(?![-\w])", line)]
                self.assertEqual(len(lines), 1, lines)
                self.assertTrue(offset_in(lines[0], fault.offset), lines)
        mount.stop()
        self.untouched()

    def test_read_only(self):
        self.mount("-o", "salvage")
        codes = (errno.EROFS, errno.EBADMSG, errno.EACCES, errno.EPERM)
        for name in ("after-odd-name", "after-tail-of-19"):
            for what in ("create", "truncate", "unlink", "rename"):
                with self.subTest(name=name, access=what):
                    self.fails(codes, ACCESSES[what], self.at(name))
            self.fails(codes, write, self.at(name, "data"), b"x")
            self.fails(codes, write, self.at(name, ":new"), b"x")
        self.untouched()

    def test_sound_objects_can_be_written(self):
        self.mount("-o", "salvage")
        write(self.at("sound/ea"), b"ea")
        self.assertEqual(read(self.under("sound")),
                         GOOD + record(2, 0, b"ea"))


class Efs(MountCase):
    def test_is_told_by_its_name(self):
        """Its first bytes make a record of 5 MB, which may be there."""
        magic = b"\0\1\0\0R\0O\0B\0S\0"
        self.put("small", magic + bytes(50))
        self.put("large", magic + bytes(0x530042 + 12))
        self.put("other", header(0x100, 0x530042))
        mount = self.mount()
        for name in ("small", "large", "other"):
            self.fails(errno.EBADMSG, os.listdir, self.at(name))
            told, = mount.lines(f"'{name}'")
            self.assertEqual("EFS raw data" in told, name != "other", told)
            self.assertEqual("salvage" in told, name == "other", told)


class Damaged(MountCase):
    """Random damage: whatever is shown agrees with the decoder."""

    def test_random_damage(self):
        rng = random.Random(7)
        files = {}
        for seed in range(60):
            data = bytearray(generate(seed))
            for _ in range(rng.randrange(1, 4)):
                if data:
                    at = rng.randrange(min(len(data), 4000))
                    data[at] = rng.choice([0, 1, 9, 0x7F, 0x80, 0xFF])
            if rng.randrange(3) == 0:
                del data[rng.randrange(len(data) + 1):]
            files[f"damaged-{seed}"] = bytes(data)
        for name, data in files.items():
            self.put(name, data)
        self.mount()
        for name, data in files.items():
            with self.subTest(name=name):
                records, fault = parse_leading(data)
                if fault:
                    self.fails(errno.EBADMSG, os.listdir, self.at(name))
                else:
                    self.assertEqual(compare(data, self.at(name), records), [])
        self.mounts[-1].stop()
        self.mount("-o", "salvage")
        for name, data in files.items():
            with self.subTest(name=name, salvage=True):
                self.assertEqual(compare(data, self.at(name),
                                         parse_leading(data)[0]), [])


if __name__ == "__main__":
    main()
