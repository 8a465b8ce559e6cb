#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""bkup cat: sparse streams, from all kinds of input to all of output"""

import os
import random

from cli_support import Case, contents, main, record, run
from nt_ids import ALTERNATE_DATA, DATA, EA_DATA, SECURITY_DATA, SPARSE_BLOCK
from nt_records import block

MAIN = record(DATA, attributes=8)
MIB = 1 << 20

# name of the shape, the records, whether bytes come in order
SHAPES = (
    ("empty", MAIN, True),
    ("bare terminator", MAIN + block(0), True),
    ("all hole", MAIN + block(3 * MIB), True),
    ("one range, no block", record(DATA, b"x" * 70000, attributes=8), True),
    ("ranges", MAIN + block(65536, b"a" * 65536) + block(MIB, b"b" * 100) +
     block(2 * MIB), True),
    ("no terminator", MAIN + block(65536, b"a" * 65536), True),
    ("ends with data", MAIN + block(10, b"ab") + block(12), True),
    ("terminator below the end", MAIN + block(10, b"ab") + block(3), True),
    ("two terminators", MAIN + block(7) + block(5, b"ab") + block(9), True),
    ("block behind the terminator", MAIN + block(100) + block(50, b"x"), True),
    ("content and blocks", record(DATA, b"0123456789") + block(20, b"abc"),
     True),
    ("block over content", record(DATA, b"0123456789") + block(5, b"abcdefgh"),
     False),
    ("backwards", MAIN + block(MIB, b"b" * 10) + block(0, b"a" * 10) +
     block(2 * MIB), False),
    ("overlap, last wins", MAIN + block(0, b"a" * 100) +
     block(50, b"b" * 100) + block(25, b"c" * 50), False),
    ("same place twice", MAIN + block(8, b"one") + block(8, b"two"), False),
    ("record between", MAIN + block(5, b"a") + record(EA_DATA, b"ea" * 10) +
     block(50, b"b") + record(SECURITY_DATA, b"sd"), True),
    ("next stream has blocks", MAIN + block(5, b"a") +
     record(ALTERNATE_DATA, b"", ":x:$DATA", 8) + block(99, b"b"), True),
    ("blocks after another main stream", MAIN + block(5, b"a") + MAIN +
     block(99, b"b"), True),
)


class Sparse(Case):
    # kind of output file, how it is opened, where writing begins
    OUTPUTS = (("new file", "wb", 0), ("append", "ab", 200),
               ("at the start", "r+b", 0), ("within", "r+b", 100),
               ("at the end", "r+b", 200), ("behind the end", "r+b", 300))
    OLD = b"?" * 200  # what stands in the output file

    def inputs(self, backup):
        self.write("in", backup)
        yield "file", ["cat", "in", "data"], {}
        with open("in", "rb") as file:
            yield "standard input", ["cat", "-", "data"], {"stdin": file}
        yield "pipe", ["cat", "-", "data"], {"data": backup}

    def expected(self, kind, start, content):
        """What the output file is to hold."""
        old = b"" if kind == "new file" else self.OLD
        return (old[:start].ljust(start, b"\0") + content +
                old[start + len(content):])

    def refused(self, result, shape):
        self.assertEqual(result.status, 2, shape)
        self.assertRegex(result.err.decode(), (
            r"^bkup: '-': at offset [0-9]+: sparse block comes after what "
            r"follows it in its stream, and neither input nor output can "
            r"seek; use a file for one of them\n$"))

    def test_comes_out_right_on_a_pipe(self):
        for shape, backup, ordered in SHAPES:
            content = contents(backup)[0]
            for kind, arguments, options in self.inputs(backup):
                with self.subTest(shape=shape, input=kind):
                    result = run(*arguments, **options)
                    if kind == "pipe" and not ordered:
                        self.refused(result, shape)
                        self.assertLess(len(result.out), len(content) + 1)
                    else:
                        self.expect(result, out=content)

    def test_comes_out_right_in_a_file(self):
        for shape, backup, ordered in SHAPES:
            content = contents(backup)[0]
            for out_kind, mode, start in self.OUTPUTS:
                for kind, arguments, options in self.inputs(backup):
                    with self.subTest(shape=shape, input=kind, out=out_kind):
                        self.write("out", self.OLD)
                        with open("out", mode, buffering=0) as out:
                            out.seek(start)
                            result = run(*arguments, stdout=out, **options)
                            end = os.lseek(out.fileno(), 0, os.SEEK_CUR)
                        if (kind == "pipe" and not ordered and
                                out_kind == "append"):
                            self.refused(result, shape)
                            continue
                        self.expect(result)
                        with open("out", "rb") as out:
                            self.assertEqual(
                                out.read(),
                                self.expected(out_kind, start, content))
                        self.assertEqual(end, start + len(content))

    def test_alternate_streams_are_sparse_too(self):
        backup = (record(DATA, b"main") +
                  record(ALTERNATE_DATA, b"", ":a:$DATA", 8) +
                  block(100, b"one") +
                  record(ALTERNATE_DATA, b"", ":b:$DATA", 8) +
                  block(10, b"two") + block(MIB))
        main_, a, b = contents(backup)
        for name, content in (("data", main_), (":a", a), (":b", b)):
            self.expect(run("cat", "-", name, data=backup), out=content)

    def test_random_shapes_agree_with_the_plain_decoder(self):
        chance = random.Random(1)
        for turn in range(60):
            backup = record(DATA, chance.randbytes(chance.choice((0, 0, 50))))
            for _ in range(chance.randrange(12)):
                backup += block(chance.randrange(300),
                                chance.randbytes(chance.randrange(60)))
            backup += record(EA_DATA, b"x")
            content = contents(backup)[0]
            with self.subTest(turn=turn):
                self.write("in", backup)
                self.expect(run("cat", "in", "data"), out=content)
                with open("out", "wb") as out:
                    self.expect(run("cat", "-", "data", data=backup,
                                    stdout=out))
                with open("out", "rb") as out:
                    self.assertEqual(out.read(), content)

    def test_leaves_holes_in_a_file(self):
        with open("probe", "wb") as probe:
            probe.truncate(MIB)
        if os.stat("probe").st_blocks * 512 >= MIB:
            self.skipTest("the filesystem has no holes")
        backup = MAIN + block(64 * MIB, b"x" * 4096) + block(1 << 30)
        for kind, arguments, options in self.inputs(backup):
            with self.subTest(input=kind), open("out", "wb") as out:
                self.expect(run(*arguments, stdout=out, **options))
                st = os.fstat(out.fileno())
                self.assertEqual(st.st_size, 1 << 30)
                self.assertLess(st.st_blocks * 512, MIB)

    def test_bad_blocks_are_refused(self):
        for payload, message in (
                (b"", "0 bytes is too small for its offset (8 bytes)"),
                (bytes(7), "7 bytes is too small for its offset (8 bytes)"),
                (b"\xff" * 8,
                 "0 bytes at 18446744073709551615 of its stream ends beyond "
                 "2^63-1"),
                (b"\xff" * 7 + b"\x7fx",
                 "1 bytes at 9223372036854775807 of its stream ends beyond "
                 "2^63-1")):
            backup = MAIN + record(SPARSE_BLOCK, payload)
            self.write("in", backup)
            error = ("at offset 20: sparse block of %s; this record or the "
                     "one before it is damaged: get the file from another "
                     "copy\n" % message)
            with self.subTest(payload=payload):
                self.expect(run("cat", "in", "data"), status=1, out="",
                            err="bkup: 'in': " + error)
                self.expect(run("cat", "-", "data", data=backup), status=1,
                            out="", err="bkup: '-': " + error)


if __name__ == "__main__":
    main()
