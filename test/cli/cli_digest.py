#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""bkup check --digest, --record and --verify"""

import json
import os

from cli_support import Case, main, record, run
from nt_ids import ALTERNATE_DATA, DATA, EA_DATA
from nt_random import generate
from nt_records import block, fold
from xxh3 import xxh3_128

KIB = 1024
MIB = 1 << 20
ABC = "78af5f94892f3950"  # XXH3-64 of abc, as xxhsum -H3 prints it
CLEAN = "0 bad, 0 bad payloads, 0 unreadable, 0 leftovers"
CHANGED = ("the content is another one; if nobody changed it, get the file "
           "from another copy\n")
MISSING = ("the stream is not there, or its file could not be read; if nobody "
           "removed it, get the file from another copy\n")
NEW = ("no digest was recorded; record the digests anew to include it\n")


def xxh3_64(content):
    """XXH3-64 is half of XXH3-128, for more than 240 bytes."""
    return "%016x" % (xxh3_128(content) & ((1 << 64) - 1))


class Digest(Case):
    def digests(self, *arguments, status=0, **options):
        """{name: (size, digest)} of what is shown of one input."""
        result = run("check", "--json", "--digest", *arguments, **options)
        if status is not None:  # made up payloads are wrong
            self.expect(result, status=status)
        lines = [json.loads(line) for line in result.out.splitlines()]
        return {line["name"].encode(): (line["size"], line["xxh3"])
                for line in lines if line["kind"] == "digest"}

    def test_what_is_shown(self):
        self.write("d/f", record(DATA, b"abc") + record(
            ALTERNATE_DATA, b"", ":x\ny:$DATA"))
        self.expect(run("check", "--digest", "d"), out=(
            ABC + "  3  d/f/data\n"
            "2d06800538d394c2  0  d/f/:x\\012y\n"
            "checked 1 file with 2 streams: " + CLEAN + "\n"))

    def test_random_files(self):
        for seed in range(12):
            backup = generate(seed)
            self.write("f", backup)
            found = self.digests("f", status=None)
            streams = fold(backup)
            self.assertEqual(list(found), [s.child for s in streams])
            for stream in streams:
                self.assertEqual(found[stream.child][0], stream.size)
                if 240 < stream.size <= 64 * KIB:  # what the model can do
                    self.assertEqual(found[stream.child][1],
                                     xxh3_64(stream.content(backup)))

    def test_blocks_in_any_order_holes_and_pipes(self):
        backup = (record(DATA, b"0123", attributes=8) + block(6 * KIB, b"end") +
                  record(EA_DATA) + block(2, b"ab") + block(8 * KIB))
        content = fold(backup)[0].content(backup)
        self.write("f", backup)
        want = (8 * KIB, xxh3_64(content))
        self.assertEqual(self.digests("f")[b"data"], want)
        self.assertEqual(self.digests("-", data=backup)[b"data"], want)

    def test_large_ones_are_the_same_however_they_are_stored(self):
        content = os.urandom(MIB) + bytes(5 * MIB) + os.urandom(MIB)
        sparse = (record(DATA) + block(6 * MIB, content[6 * MIB:]) +
                  block(0, content[:MIB]) + block(7 * MIB))
        self.write("plain", record(DATA, content))
        self.write("sparse", sparse)
        self.assertEqual(self.digests("plain"), self.digests("sparse"))


class Verify(Case):
    def verify(self, status, found, counts, files=2, streams=3):
        result = run("check", "--verify", "list", "t")
        self.assertEqual((result.status, result.err), (status, b""))
        self.assertEqual(result.out.decode(), (
            "%schecked %d files with %d streams: %s\nverified %d same, "
            "%d changed, %d missing, %d new\n" % (
                found, files, streams, CLEAN, *counts)))

    def setUp(self):
        super().setUp()
        self.write("t/a", record(DATA, b"abc") + record(
            ALTERNATE_DATA, b"abc", ":a:$DATA"))
        self.write("t/b", record(DATA, b"abc"))
        self.expect(run("check", "--record", "list", "t"), out=(
            "checked 2 files with 3 streams: " + CLEAN + "\n"))

    def test_the_list_is_as_described(self):
        with open("list", encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        self.assertEqual(lines, [{"bkup_digests": 1}] + [
            {"file": "t/" + file, "name": name, "size": 3, "xxh3": ABC}
            for file, name in (("a", "data"), ("a", ":a"), ("b", "data"))])
        self.verify(0, "", (3, 0, 0, 0))

    def test_a_flipped_bit_is_found(self):
        with open("t/a", "r+b") as file:
            file.seek(21)
            file.write(b"c")
        self.verify(1, "'t/a': changed: 'data': " + CHANGED, (2, 1, 0, 0))

    def test_what_is_gone_and_what_is_new(self):
        self.write("t/a", record(DATA, b"abc") + record(EA_DATA, b""))
        os.rename("t/b", "t/c")
        self.verify(1, "'t/a': new: 'ea': " + NEW + "'t/c': new: 'data': " +
                    NEW + "'t/a': missing: ':a': " + MISSING +
                    "'t/b': missing: 'data': " + MISSING, (1, 0, 2, 2))

    def test_new_streams_are_no_fault(self):
        self.write("t/c", record(DATA, b"abc"))
        self.verify(0, "'t/c': new: 'data': " + NEW, (3, 0, 0, 1), files=3,
                    streams=4)

    def test_as_json(self):
        self.write("t/b", record(DATA, b"abC"))
        result = run("check", "--json", "--verify", "list", "t")
        self.assertEqual(result.status, 1)
        lines = [json.loads(line) for line in result.out.splitlines()]
        self.assertEqual((lines[0]["kind"], lines[0]["file"],
                          lines[0]["name"]), ("changed", "t/b", "data"))
        self.assertEqual([lines[1][key] for key in (
            "same", "changed", "missing", "new")], [2, 1, 0, 0])

    def test_a_path_that_is_no_text(self):
        name = b"t/\xff\n"
        self.write(name, record(DATA, b"abc"))
        self.expect(run("check", "--record", "list", "t"))
        self.verify(0, "", (4, 0, 0, 0), files=3, streams=4)
        with open("list", encoding="utf-8") as file:
            line = json.loads(file.read().splitlines()[-1])
        self.assertEqual(bytes.fromhex(line["bytes"]), name)

    def test_both_at_once_over_the_same_file(self):
        self.write("t/b", record(DATA, b"abC"))
        result = run("check", "--verify", "list", "--record", "list", "t")
        self.assertEqual(result.status, 1)
        self.verify(0, "", (3, 0, 0, 0))

    def test_lists_that_are_none(self):
        head = '{"bkup_digests": 1}\n'
        line = ('{"file": "f", "name": "data", "size": 3, "xxh3": "%s"}\n'
                % ABC)
        for text, number, what in (
                ("", 0, "it is empty"),
                ("x\n", 1, "no JSON object"),
                ("{}\n", 1, "no digests of this version of bkup"),
                ('{"bkup_digests": 2}\n', 1,
                 "no digests of this version of bkup"),
                (head + "{}\n", 2, "no digest of a stream"),
                (head + line.replace(ABC, ABC[1:]), 2,
                 "no digest of a stream"),
                (head + line.replace(ABC, "x" + ABC[1:]), 2,
                 "no digest of a stream"),
                (head + line.replace("3,", "-3,"), 2, "no digest of a stream"),
                (head + line + line, 3, "a second digest of the same stream"),
                (head + line[:-1], 2, "a line that does not end"),
                (head + line[:-1] + "\0\n", 2, "a line that does not end"),
                (head + "x" * 300000, 2, "a line that does not end")):
            with self.subTest(text=text[:80]):
                self.write("list", text.encode())
                self.expect(run("check", "--verify", "list", "t"), status=2,
                            out="", err="bkup: 'list': line %d: %s; record it "
                            "anew\n" % (number, what))

    def test_errors_are_said(self):
        self.expect(run("check", "--verify", "no", "t"), status=2, out="", err=(
            "bkup: cannot read 'no': No such file or directory\n"))
        self.expect(run("check", "--record", "no/x", "t"), status=2, out="",
                    err="bkup: cannot make 'no/x': No such file or "
                    "directory\n")
        self.expect(run("check", "--record", "/dev/full", "t"), status=2, err=(
            "bkup: cannot write '/dev/full': No space left on device\n"))
        self.expect(run("check", "--record"), status=2, out="", err=(
            "bkup: wrong option '--record'\ntry 'bkup check --help'\n"))
        self.assertEqual(sorted(os.listdir(".")), ["list", "t"])


if __name__ == "__main__":
    main()
