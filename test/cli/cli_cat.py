#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""bkup cat: finding streams, and plain ones"""

import os

from cli_support import Case, contents, EXAMPLE, main, record, run, WINDOWS
from nt_ids import ALTERNATE_DATA, DATA, LINK, SECURITY_DATA
from nt_records import block


class Cat(Case):
    def test_writes_each_stream_of_the_samples(self):
        for path, names in (
                (EXAMPLE, ("security", "data", ":stream1")),
                (WINDOWS, ("security", "data", ":Zone.Identifier"))):
            with open(path, "rb") as file:
                backup = file.read()
            for name, content in zip(names, contents(backup)):
                with self.subTest(path=path, name=name):
                    self.expect(run("cat", path, name), out=content)
                    self.expect(run("cat", "-", name, data=backup),
                                out=content)
        self.expect(run("cat", EXAMPLE, ":stream1"), out="This is stream1")

    def test_finds_the_nth_of_a_name(self):
        backup = (record(DATA, b"1") +
                  record(ALTERNATE_DATA, b"a", ":a:$DATA") +
                  record(DATA, b"2") +
                  record(ALTERNATE_DATA, b"b", ":a:$DATA") +
                  record(ALTERNATE_DATA, b"c", ":a#2:$DATA") +
                  record(ALTERNATE_DATA, b"d", ":a") +
                  record(ALTERNATE_DATA, b"e", ":ab:$DATA") +
                  record(DATA, b"3") +
                  record(77, b"f"))
        self.write("f", backup)
        for name, content in (("data", "1"), ("data#2", "2"), ("data#3", "3"),
                              (":a", "a"), (":a#2", "b"), (":a%232", "c"),
                              ("%3Aa", "d"), (":ab", "e"),
                              ("id_0000004d", "f")):
            with self.subTest(name=name):
                self.expect(run("cat", "f", name), out=content)
                self.expect(run("cat", "-", name, data=backup), out=content)

    def test_has_no_second_name_for_a_stream(self):
        backup = record(DATA, b"1") + record(ALTERNATE_DATA, b"a", ":a:$DATA")
        self.write("f", backup)
        for name in ("data#1", "data#0", "data#01", "data#", "data#2", "dat",
                     "data2", "", ":a:$DATA", ":", ":A", "security",
                     "data#4294967297", ".data"):
            with self.subTest(name=name):
                self.expect(run("cat", "f", name), status=1, out="",
                            err="bkup: no stream '%s' in 'f'\n" % name)
                self.expect(run("cat", "-", name, data=backup), status=1,
                            out="", err="bkup: no stream '%s' in '-'\n" % name)

    def test_tells_empty_from_absent(self):
        self.expect(run("cat", "-", "data", data=record(DATA)), out="")
        self.expect(run("cat", "-", "data", data=b""), status=1, out="",
                    err="bkup: no stream 'data' in '-'\n")

    def test_gives_an_orphan_block_as_it_is(self):
        backup = record(LINK) + block(5, b"abc") + block(6) + record(DATA)
        orphan = b"\5" + bytes(7)
        self.expect(run("cat", "-", "sparse_block", data=backup),
                    out=orphan + b"abc")
        self.expect(run("cat", "-", "sparse_block#2", data=backup),
                    out=b"\6" + bytes(7))
        self.expect(run("cat", "-", "sparse_block#3", data=backup), status=1,
                    out="", err="bkup: no stream 'sparse_block#3' in '-'\n")

    def test_a_stream_before_the_damage_can_be_had(self):
        backup = record(SECURITY_DATA, b"whole") + record(DATA, b"cut")[:-1]
        self.write("f", backup)
        self.expect(run("cat", "f", "security"), out="whole")
        self.expect(run("cat", "-", "security", data=backup), out="whole")

    def test_writes_nothing_of_a_cut_stream_in_a_file(self):
        self.write("f", record(DATA, b"data") + block(9, b"cut")[:-1])
        self.expect(run("cat", "f", "data"), status=1, out="", err=(
            "bkup: 'f': at offset 24: payload of 11 bytes passes the end of "
            "the file (have 10); it was cut short: copy it again; the "
            "streams before this offset are whole\n"))

    def test_says_so_when_a_pipe_ends_within_the_stream(self):
        backup = record(DATA, b"data")[:-1]
        result = run("cat", "-", "data", data=backup)
        self.assertEqual(result.status, 1)
        self.assertIn(b"at offset 0: payload of 4 bytes passes the end",
                      result.err)
        self.assertEqual(result.out, b"dat"[:len(result.out)])

    def test_follows_on_in_an_output_that_is_shared(self):
        self.write("a", record(DATA, b"one") + block(10))
        self.write("b", record(DATA, b"two"))
        with open("out", "wb") as out:
            for path in "ab":
                self.expect(run("cat", path, "data", stdout=out))
        with open("out", "rb") as out:
            self.assertEqual(out.read(), b"one" + bytes(7) + b"two")

    def test_reads_standard_input_from_where_it_stands(self):
        backup = record(DATA, b"abc") + block(5, b"f") + record(LINK, b"l")
        self.write("f", b"x" * 7 + backup)
        for name, content in (("data", b"abc\0\0f"), ("link", b"l")):
            with open("f", "rb", buffering=0) as file:
                file.seek(7)
                self.expect(run("cat", "-", name, stdin=file), out=content)

    def test_reads_files_in_proc(self):
        path = "/proc/self/cmdline"
        if not os.path.exists(path):
            self.skipTest("no /proc")
        result = run("cat", path, "data")
        self.assertEqual((result.status, result.out), (1, b""))


if __name__ == "__main__":
    main()
