#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""bkup pack: the inverse of unpack, merges, and directories made by hand"""

import json
import os
import shutil
import subprocess

from cli_support import BKUP, Case, EXAMPLE, main, record, run, WINDOWS
from nt_ids import (
    ALTERNATE_DATA, DATA, EA_DATA, OBJECT_ID, REPARSE_DATA, SECURITY_DATA,
    SPARSE_BLOCK)
from nt_random import generate
from nt_records import block, fold

SIDE = ".bkup.json"
KIB = 1024
MIB = 1 << 20


class Packed(Case):
    def read(self, path):
        with open(path, "rb") as file:
            return file.read()

    def unpack(self, backup):
        shutil.rmtree("d", ignore_errors=True)
        self.write("f", backup)
        self.expect(run("unpack", "f", "d"))

    def becomes(self, backup, err=b""):
        """What the directory is packed to, by both ways."""
        result = run("pack", "d", "g")
        self.expect(result, out="", err=err)
        self.assertEqual(self.read("g"), backup)
        self.expect(run("pack", "d", "-"), out=backup, err=err)

    def refused(self, err, status=1):
        self.expect(run("pack", "d", "new"), status=status, out="",
                    err="bkup: " + err)
        self.assertFalse(os.path.exists("new"))
        self.assertEqual([name for name in os.listdir(".")
                          if name.startswith(".")], [])


class Inverse(Packed):
    def test_samples(self):
        for sample in EXAMPLE, WINDOWS:
            self.unpack(self.read(sample))
            self.becomes(self.read(sample))

    def test_random_files(self):
        for seed in range(40):
            with self.subTest(seed=seed):
                self.unpack(generate(seed))
                self.becomes(generate(seed))

    def test_nothing(self):
        self.unpack(b"")
        self.becomes(b"")

    def test_through_pipes(self):
        backup = (record(DATA, attributes=8) + block(MIB, b"b" * MIB) +
                  record(EA_DATA, b"x") + block(0, b"a" * KIB) + block(9 * MIB))
        self.expect(run("unpack", "-", "d", data=backup))
        self.becomes(backup)

    def test_what_blocks_hide_comes_back(self):
        backup = (record(DATA, b"0123456789") + block(2, b"abcdef") +
                  record(EA_DATA) + block(0, b"ABC") + block(4, b"XYZ") +
                  block(0, b"!" * 20) + record(ALTERNATE_DATA, b"x", ":a"))
        self.unpack(backup)
        self.becomes(backup)
        os.unlink("d/.bkup.hidden")
        self.refused("cannot read 'd/.bkup.hidden': No such file or "
                     "directory\n", status=2)

    def test_attributes_and_order(self):
        backup = b"".join((
            record(EA_DATA, b"ea", attributes=0xffffffff),
            record(ALTERNATE_DATA, b"s", ":s:$DATA"),
            record(0xfffffffe, b"?", "name"), record(DATA, b"d"),
            record(EA_DATA, b"second"), record(SECURITY_DATA, b"sd")))
        self.unpack(backup)
        self.becomes(backup)


class Merge(Packed):
    OLD = (record(SECURITY_DATA, b"sd", attributes=6) +
           record(DATA, b"data", attributes=1) +
           record(ALTERNATE_DATA, b"a", ":a:$DATA") + record(EA_DATA, b"ea"))

    def merge(self, old, *edits):
        """Replaces parts of a backup file."""
        for before, after in edits:
            self.assertEqual(old.count(before), 1)
            old = old.replace(before, after)
        self.becomes(old)

    def setUp(self):
        super().setUp()
        self.unpack(self.OLD)

    def test_an_edit_of_the_same_size(self):
        self.write("d/data", b"DATA")
        self.merge(self.OLD, (b"data", b"DATA"))

    def test_an_edit_of_another_size(self):
        self.write("d/data", b"longer")
        self.merge(self.OLD, (record(DATA, b"data", attributes=1),
                              record(DATA, b"longer", attributes=1)))

    def test_a_removal(self):
        os.unlink("d/data")
        self.merge(self.OLD, (record(DATA, b"data", attributes=1), b""))

    def test_additions_go_last(self):
        self.write("d/:z", b"z")
        self.write("d/object_id", b"id")
        self.write("d/reparse", b"rp")
        self.write("d/ea#2", b"more")
        self.becomes(self.OLD + record(REPARSE_DATA, b"rp") +
                     record(EA_DATA, b"more") +
                     record(ALTERNATE_DATA, b"z", ":z:$DATA") +
                     record(OBJECT_ID, b"id"))

    def test_an_added_block_is_not_taken(self):
        self.write("d/sparse_block", bytes(8))
        self.merge(self.OLD, (record(DATA, b"data", attributes=1),
                              record(SPARSE_BLOCK, bytes(8)) +
                              record(DATA, b"data", attributes=1)))

    def test_sparse_data_precedes_alternate_streams(self):
        with open("d/data", "wb") as file:
            file.truncate(MIB)
        self.merge(self.OLD, (record(DATA, b"data", attributes=1),
                              record(DATA, attributes=9) + block(MIB)))
        old = record(ALTERNATE_DATA, b"a", ":a:$DATA") + record(EA_DATA, b"e")
        for before, after in ((b"", b""), (record(DATA, b"x"), b"")):
            self.unpack(old + before)
            with open("d/data", "wb") as file:
                file.truncate(MIB)
            self.becomes(record(DATA, attributes=8) + block(MIB) + old + after)

    def test_holes_that_were_filled(self):
        sparse = record(DATA, attributes=8) + block(MIB, b"x") + block(2 * MIB)
        self.unpack(sparse)
        self.becomes(sparse)
        with open("d/data", "r+b") as file:
            file.write(b"\0" * 10)
        self.becomes(sparse)
        with open("d/data", "r+b") as file:
            file.write(b"y")
        result = run("pack", "d", "g")
        self.expect(result)
        stream = fold(self.read("g"))[0]
        self.assertEqual(stream.content(self.read("g")), b"y" + bytes(
            MIB - 1) + b"x" + bytes(MIB - 1))
        self.assertEqual(stream.head.attributes, 8)

    def test_a_copy_without_holes_is_the_same(self):
        sparse = record(DATA, attributes=8) + block(MIB, b"x") + block(2 * MIB)
        self.unpack(sparse)
        self.write("d/data", self.read("d/data"))
        self.becomes(sparse)

    def test_a_long_name_is_kept_and_edited(self):
        long = record(ALTERNATE_DATA, b"x", ":" + "n" * 5000)
        self.unpack(long)
        name, = [n for n in os.listdir("d") if not n.startswith(".")]
        self.write("d/" + name, b"more")
        self.becomes(record(ALTERNATE_DATA, b"more", ":" + "n" * 5000))


class ByHand(Packed):
    def setUp(self):
        super().setUp()
        os.mkdir("d")

    def test_defaults_and_order(self):
        for name, content in (
                ("ea#10", b"10"), (":b", b"b"), ("data", b"d"), ("ea", b"1"),
                ("security", b"s"), ("ea#2", b"2"), (":a", b"a"),
                ("reparse", b"r"), ("object_id", b"o"),
                ("sparse_block", bytes(8))):
            self.write("d/" + name, content)
        self.becomes(b"".join((
            record(SECURITY_DATA, b"s", attributes=2),
            record(REPARSE_DATA, b"r"), record(SPARSE_BLOCK, bytes(8)),
            record(DATA, b"d"), record(EA_DATA, b"1"), record(EA_DATA, b"2"),
            record(EA_DATA, b"10"), record(ALTERNATE_DATA, b"a", ":a:$DATA"),
            record(ALTERNATE_DATA, b"b", ":b:$DATA"),
            record(OBJECT_ID, b"o"))))

    def test_sparse_where_holes_are_long(self):
        for hole, sparse in ((64 * KIB, True), (60 * KIB, False)):
            with open("d/data", "wb") as file:
                file.write(b"x" * 4096)
                file.seek(4096 + hole)
                file.write(b"y" * 4096)
            size = 8192 + hole
            with open("d/data", "rb") as file:
                if os.lseek(file.fileno(), 0, os.SEEK_HOLE) != 4096:
                    self.skipTest("no holes of 4 KiB here")
            content = self.read("d/data")
            self.becomes(record(DATA, attributes=8) + block(0, b"x" * 4096) +
                         block(4096 + hole, b"y" * 4096) + block(size)
                         if sparse else record(DATA, content))

    def test_an_empty_directory_is_an_empty_file(self):
        self.becomes(b"")

    def test_scratch_is_told_and_left_out(self):
        self.write("d/data", b"d")
        self.write("d/.data.swp", b"")
        self.write("d/data~", b"")
        self.write("d/sedAbCdEf", b"")
        self.becomes(record(DATA, b"d"), err=(
            b"bkup: 'd/.data.swp' is scratch, and left out\n"
            b"bkup: 'd/data~' is scratch, and left out\n"
            b"bkup: 'd/sedAbCdEf' is scratch, and left out\n"))

    def test_other_names_are_refused(self):
        why = "is no name of a stream; rename or remove it\n"
        for name in ("report.txt", "a\nb", "data#1", ":%2f", "ID_0000000c"):
            with self.subTest(name=name):
                self.write("d/" + name, b"")
                self.refused("'d/%s': %s" % (name.replace("\n", "\\012"), why))
                os.unlink("d/" + name)
        self.write("d/ea#2", b"")
        self.refused("'d/ea#2': there is no first stream of that name that it "
                     "counts from; rename it\n")

    def test_a_sparse_block_must_be_one(self):
        self.write("d/sparse_block", b"short")
        self.refused("'d/sparse_block': is no sparse block: it must begin "
                     "with the offset (8 bytes) where it stands\n")

    def test_only_regular_files_are_taken(self):
        self.write("secret", b"secret")
        for make in (lambda: os.symlink("../secret", "d/data"),
                     lambda: os.mkfifo("d/data"),
                     lambda: os.mkdir("d/data")):
            make()
            self.refused("'d/data' is no regular file; remove it\n")
            if os.path.isdir("d/data") and not os.path.islink("d/data"):
                os.rmdir("d/data")
            else:
                os.unlink("d/data")
        for name in (SIDE, "data"):
            os.symlink("/etc/passwd", "d/" + name)
            self.assertEqual(run("pack", "d", "-").status, 1)
            os.unlink("d/" + name)


class SideFile(Packed):
    HEAD = '{"bkup": 1}\n'
    DATA = '{"name": "data", "id": 1, "attributes": 0, "payload": 4}\n'

    def test_one_that_lies_is_refused(self):
        os.mkdir("d")
        self.write("d/data", b"data")
        stream = json.loads(self.DATA)

        def but(**changes):
            return json.dumps({**stream, **changes}) + "\n"
        for text, line, what in (
                ("", 0, "it is empty"),
                ("{}\n", 1, "no side file of bkup"),
                ('{"bkup": 2}\n', 1, "of a later version of bkup"),
                ('{"bkup": 1}', 1, "a line that does not end"),
                (self.HEAD + "x\n", 2, "no JSON object"),
                (self.HEAD + "[]\n", 2, "no JSON object"),
                (self.HEAD + "{}\n", 2, "neither stream nor block"),
                (self.HEAD + but(id=2), 2,
                 "a name that no stream of that id has"),
                (self.HEAD + but(name="../x"), 2,
                 "a name that no stream of that id has"),
                (self.HEAD + but(file="../x"), 2, "a file name that cannot be"),
                (self.HEAD + but(file="a/b"), 2, "a file name that cannot be"),
                (self.HEAD + but(file=".."), 2, "a file name that cannot be"),
                (self.HEAD + but(file=SIDE), 2, "a file name that cannot be"),
                (self.HEAD + but(payload=-1), 2, "no stream"),
                (self.HEAD + but(payload="4"), 2, "no stream"),
                (self.HEAD + but(attributes=1 << 32), 2, "no stream"),
                (self.HEAD + but(raw="0"), 2, "a raw name that is none"),
                (self.HEAD + but(raw="zz"), 2, "a raw name that is none"),
                (self.HEAD + '{"block": 0, "size": 1, "attributes": 0}\n', 2,
                 "a block that follows no stream of its"),
                (self.HEAD + self.DATA +
                 '{"block": 9223372036854775807, "size": 1, "attributes": 0}\n',
                 3, "no block"),
                (self.HEAD + '{"hidden": 0, "size": 1}\n', 2,
                 "hidden bytes of no record"),
                (self.HEAD + self.DATA + '{"hidden": 0, "size": 5}\n', 3,
                 "hidden bytes outside of their record"),
                (self.HEAD + self.DATA + '{"hidden": 0, "size": 0}\n', 3,
                 "no hidden bytes"),
                (self.HEAD + self.DATA + '{"hidden": 2, "size": 1}\n'
                 '{"hidden": 1, "size": 1}\n', 4,
                 "hidden bytes outside of their record"),
                (self.HEAD + "x" * (1 << 20), 2, "a line that does not end")):
            with self.subTest(text=text[:80]):
                self.write("d/" + SIDE, text.encode())
                self.refused("'d/.bkup.json': line %d: %s; remove it to pack "
                             "the files as new ones\n" % (line, what))
        self.write("d/" + SIDE, (self.HEAD + self.DATA * 2).encode())
        self.refused("'d/.bkup.json': two streams have the same file; remove "
                     "it to pack the files as new ones\n")

    def test_a_block_that_the_file_does_not_have_is_an_edit(self):
        os.mkdir("d")
        self.write("d/data", b"data")
        self.write("d/" + SIDE, (self.HEAD + self.DATA + (
            '{"block": 4611686018427387904, "size": 1, "attributes": 0}\n'
        )).encode())
        self.becomes(record(DATA, b"data"))


class Output(Packed):
    def setUp(self):
        super().setUp()
        self.unpack(record(DATA, b"d"))

    def test_what_is_replaced_keeps_its_attributes(self):
        self.write("g", b"old")
        os.chmod("g", 0o640)
        try:
            os.setxattr("g", "user.note", b"kept")
        except OSError as error:
            self.skipTest("no xattrs: %s" % error)
        inode = os.stat("g").st_ino
        self.becomes(record(DATA, b"d"))
        self.assertEqual(os.stat("g").st_mode & 0o7777, 0o640)
        self.assertEqual(os.getxattr("g", "user.note"), b"kept")
        self.assertNotEqual(os.stat("g").st_ino, inode)

    def test_a_symlink_that_is_named_is_followed(self):
        self.write("real", b"old")
        os.symlink("real", "g")
        self.becomes(record(DATA, b"d"))
        self.assertTrue(os.path.islink("g"))
        self.assertEqual(self.read("real"), record(DATA, b"d"))

    def test_a_fifo_is_written_to(self):
        os.mkfifo("g")
        process = subprocess.Popen([BKUP, "pack", "d", "g"])
        self.assertEqual(self.read("g"), record(DATA, b"d"))
        self.assertEqual(process.wait(timeout=60), 0)
        self.assertEqual(os.listdir("."), os.listdir("."))

    def test_a_full_output_is_said(self):
        with open("/dev/full", "wb") as full:
            self.expect(run("pack", "d", "-", stdout=full), status=2, err=(
                "bkup: cannot write to standard output: "
                "No space left on device\n"))
        self.expect(run("pack", "d", "/dev/full"), status=2, err=(
            "bkup: cannot write '/dev/full': No space left on device\n"))

    def test_a_place_that_cannot_be(self):
        self.expect(run("pack", "d", "d"), status=2, err=(
            "bkup: cannot make 'd': Is a directory\n"))
        self.expect(run("pack", "d", "no/g"), status=2, err=(
            "bkup: cannot make 'no/g': No such file or directory\n"))
        self.expect(run("pack", "no", "g"), status=2, err=(
            "bkup: cannot open 'no': No such file or directory\n"))

    def test_files_in_plain_directories_are_refused(self):
        self.write("t/dir/object/data", b"x")
        self.write("t/dir/stray", b"x")
        self.write("t/dir/.x", b"x")
        self.write("t/some/scratch~", b"x")
        self.expect(run("pack", "-r", "t", "u"), status=1, err=(
            "bkup: 't/dir/.x' is scratch, and left out\n"
            "bkup: 't/dir/stray' is a file in a directory that is no object; "
            "put it into a directory of its own\n"
            "bkup: 't/some/scratch~' is scratch, and left out\n"))
        self.assertEqual(self.read("u/dir/object"), record(DATA, b"x"))
        self.assertEqual(os.listdir("u/some"), [])


if __name__ == "__main__":
    main()
