#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""bkup normalize: the canonical order"""

import os
import stat

from cli_support import Case, EXAMPLE, main, record, run
from nt_ids import (
    ALTERNATE_DATA, DATA, EA_DATA, OBJECT_ID, REPARSE_DATA, SECURITY_DATA,
    SPARSE_BLOCK)
from nt_random import generate
from nt_records import block, fold

RANKS = {SECURITY_DATA: 0, REPARSE_DATA: 1, SPARSE_BLOCK: 2, DATA: 3,
         EA_DATA: 4, ALTERNATE_DATA: 5}


def canonical(backup):
    streams = sorted(fold(backup), key=lambda s: RANKS.get(s.head.id, 6))
    return b"".join(record_.bytes(backup) for stream in streams
                    for record_ in stream.records)


class Normalize(Case):
    MIXED = (record(ALTERNATE_DATA, b"a", ":a:$DATA") +
             record(OBJECT_ID, b"id") + record(DATA, attributes=8) +
             block(0, b"x") + record(EA_DATA, b"ea") + block(9) +
             record(SECURITY_DATA, b"sd", attributes=2) +
             record(REPARSE_DATA, b"rp"))
    SORTED = (record(SECURITY_DATA, b"sd", attributes=2) +
              record(REPARSE_DATA, b"rp") + record(DATA, attributes=8) +
              block(0, b"x") + block(9) + record(EA_DATA, b"ea") +
              record(ALTERNATE_DATA, b"a", ":a:$DATA") +
              record(OBJECT_ID, b"id"))

    def read(self, path):
        with open(path, "rb") as file:
            return file.read()

    def test_every_way_in_and_out(self):
        self.write("f", self.MIXED)
        self.expect(run("normalize", "f", "-"), out=self.SORTED)
        self.expect(run("normalize", "-", data=self.MIXED), out=self.SORTED)
        self.expect(run("normalize", "-", "-", data=self.MIXED),
                    out=self.SORTED)
        self.expect(run("normalize", "f", "g"))
        self.expect(run("normalize", "-", "h", data=self.MIXED))
        with open("i", "wb") as out:
            out.write(b"before")
            out.flush()
            self.expect(run("normalize", "f", "-", stdout=out))
            out.write(b"after")
        self.assertEqual(self.read("i"), b"before" + self.SORTED + b"after")
        self.assertEqual(self.read("f"), self.MIXED)
        self.assertEqual(self.read("g"), self.SORTED)
        self.assertEqual(self.read("h"), self.SORTED)
        self.expect(run("normalize", "f"), out="")
        self.assertEqual(self.read("f"), self.SORTED)
        self.assertEqual(sorted(os.listdir(".")), ["f", "g", "h", "i"])

    def test_random_files(self):
        for seed in range(30):
            backup = generate(seed)
            self.write("f", backup)
            with self.subTest(seed=seed):
                self.expect(run("normalize", "f", "g"))
                self.assertEqual(self.read("g"), canonical(backup))
                self.expect(run("normalize", "f"))
                self.assertEqual(self.read("f"), canonical(backup))

    def test_a_file_in_order_is_not_touched(self):
        for backup in (self.SORTED, b""):
            self.write("f", backup)
            before = os.stat("f")
            self.expect(run("normalize", "f"))
            after = os.stat("f")
            self.assertEqual((before.st_ino, before.st_ctime_ns),
                             (after.st_ino, after.st_ctime_ns))

    def test_what_is_replaced_keeps_mode_owner_and_attributes(self):
        self.write("f", self.MIXED)
        os.chmod("f", 0o604)
        if os.geteuid() == 0:
            os.chown("f", 1234, 5678)
        os.setxattr("f", "user.note", b"kept")
        os.utime("f", (10**9, 10**9))
        self.expect(run("normalize", "f"))
        st = os.stat("f")
        self.assertEqual(stat.S_IMODE(st.st_mode), 0o604)
        if os.geteuid() == 0:
            self.assertEqual((st.st_uid, st.st_gid), (1234, 5678))
        self.assertEqual(os.getxattr("f", "user.note"), b"kept")
        self.assertGreater(st.st_mtime, 10**9)
        self.assertEqual(self.read("f"), self.SORTED)

    def test_what_is_bad_is_not_touched(self):
        for bad in (self.MIXED[:-1], self.MIXED + b"x",
                    self.MIXED + record(SPARSE_BLOCK, b"short")):
            self.write("f", bad)
            result = run("normalize", "f")
            self.assertEqual(result.status, 1)
            self.assertIn(b"bkup: 'f': at offset ", result.err)
            self.assertEqual(self.read("f"), bad)
            self.assertEqual(run("normalize", "-", "g", data=bad).status, 1)
            self.assertEqual(os.listdir("."), ["f"])

    def test_errors_are_said(self):
        self.write("f", self.MIXED)
        self.expect(run("normalize", "f", "no/g"), status=2, err=(
            "bkup: cannot make 'no/g': No such file or directory\n"))
        self.expect(run("normalize", "f", "/dev/full"), status=2, err=(
            "bkup: cannot write '/dev/full': No space left on device\n"))
        self.expect(run("normalize", "-", data=self.MIXED,
                        env={"TMPDIR": "/nonexistent"}), status=2, err=(
            "bkup: cannot keep '-' in '/nonexistent': No such file or "
            "directory; set TMPDIR, or use a file\n"))

    def test_the_example_of_the_specification(self):
        with open(EXAMPLE, "rb") as file:
            example = file.read()
        self.expect(run("normalize", EXAMPLE, "-"), out=canonical(example))


if __name__ == "__main__":
    main()
