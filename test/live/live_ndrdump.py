#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""ndrdump.py says of backup files what is known of them, and what our own
second opinion says."""

import os
import random
import shutil
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

import ndrdump
from nt_ids import (
    ALTERNATE_DATA, CONTAINS_SECURITY, DATA, EA_DATA, OBJECT_ID, SECURITY_DATA)
from nt_names import utf16
from nt_records import alternate, block, parse, record

SAMPLES = os.path.join(os.path.dirname(__file__), "..", "data", "nt-backup")
ANY = 0xFFFFFFFF
# id, attributes, name and size.
KNOWN = {
    "ms-bkup-section3-example.bin": [
        (SECURITY_DATA, CONTAINS_SECURITY, "", 188),
        (DATA, 0, "", 14),
        (ALTERNATE_DATA, 0, ":stream1:$DATA", 15)],
    "windows-sacl-and-zone-identifier.bin": [
        (SECURITY_DATA, CONTAINS_SECURITY, "", 240),
        (DATA, 0, "", 308),
        (ALTERNATE_DATA, 0, ":Zone.Identifier:$DATA", 110)],
}


def sample(name):
    with open(os.path.join(SAMPLES, name), "rb") as file:
        return file.read()


class Decoding(unittest.TestCase):
    maxDiff = None

    def same(self, data):
        """As Samba says, so say nt_records.py."""
        theirs = ndrdump.decode(data)
        self.assertEqual(
            [stream[:4] for stream in theirs],
            [(r.id, r.attributes, r.name.decode("utf-16le"), r.size)
             for r in parse(data)])
        for number, rec in enumerate(parse(data)):
            # Not assertEqual, which would print them.
            self.assertTrue(
                theirs[number].content == data[rec.payload:rec.end], number)

    def test_every_sample_is_known(self):
        self.assertEqual(sorted(n for n in os.listdir(SAMPLES)
                                if n.endswith(".bin")), sorted(KNOWN))

    def test_samples(self):
        for name, known in KNOWN.items():
            with self.subTest(name=name):
                data = sample(name)
                self.assertEqual([s[:4] for s in ndrdump.decode(data)], known)
                self.same(data)

    def test_contents(self):
        _, main, stream = ndrdump.decode(sample("ms-bkup-section3-example.bin"))
        self.assertEqual(main.content, b"Unnamed Stream")
        self.assertEqual(stream.content, b"This is stream1")

    def test_what_descriptors_and_object_ids_say(self):
        descriptor = ndrdump.decode(
            sample("windows-sacl-and-zone-identifier.bin"))[0].text
        for word in ("1: SEC_DESC_SACL_PRESENT", "num_aces", "S-1-5-18"):
            self.assertIn(word, descriptor)
        found, = ndrdump.decode(record(OBJECT_ID, 0, bytes(range(64))))
        self.assertIn("03020100-0504-0706-0809-0a0b0c0d0e0f", found.text)
        self.assertEqual(found.content, bytes(range(64)))

    def test_names_and_zeros(self):
        self.same(record(DATA, 0, b"x" + bytes(300000) + b"y" + bytes(100))
                  + alternate("größe €\U0001f600 it's", bytes(5))
                  + alternate("empty") + record(EA_DATA, 0, bytes(range(256))))

    def test_holes(self):
        self.same(record(DATA, 8) + block(65536, b"data") + block(1 << 40))

    def test_random_records(self):
        rng = random.Random(1)
        for number in range(20):
            with self.subTest(number=number):
                self.same(b"".join(
                    record(rng.choice((1, 2, 4, 5, 6, 8, 10, 11, 99, ANY)),
                           rng.choice((0, 1, 2, 4, 8, ANY)),
                           rng.randbytes(rng.choice((0, 1, 64, 5000))),
                           utf16("n€" * rng.choice((0, 1, 100))))
                    for _ in range(rng.randrange(9))))

    def test_no_backup_file_is_refused(self):
        for payload in (b"", b"no descriptor"):
            with self.assertRaises(ndrdump.Refused):
                ndrdump.decode(record(SECURITY_DATA, 2, payload))


if __name__ == "__main__":
    if not shutil.which("ndrdump"):
        print("skipped: no ndrdump, of Debian's samba-testsuite")
        sys.exit(77)
    unittest.main(verbosity=2)
