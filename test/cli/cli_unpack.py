#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""bkup unpack: files of streams, and what cannot be one"""

import json
import os
import shutil
import subprocess

from cli_support import Case, EXAMPLE, main, record, run
from nt_ids import ALTERNATE_DATA, DATA, EA_DATA, SECURITY_DATA, SPARSE_BLOCK
from nt_names import utf16
from nt_random import generate
from nt_records import block, fold

SIDE = ".bkup.json"
HIDDEN = ".bkup.hidden"
MIB = 1 << 20


class Unpacked(Case):
    def tree(self, path):
        """{name: content} of a directory, but for the side files."""
        found = {}
        for name in os.listdir(os.fsencode(path)):
            if not name.startswith(b".bkup."):
                with open(os.path.join(os.fsencode(path), name), "rb") as file:
                    found[name] = file.read()
        return found

    def lines(self, path):
        with open(os.path.join(path, SIDE), encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def left(self, *names):
        """Nothing but that is in the directory."""
        self.assertEqual(sorted(os.listdir(".")), sorted(names))


class Files(Unpacked):
    def test_streams_become_files(self):
        self.expect(run("unpack", EXAMPLE, "d"))
        with open(EXAMPLE, "rb") as file:
            example = file.read()
        self.assertEqual(self.tree("d"), {
            stream.child: stream.content(example) for stream in fold(example)})
        self.left("d")

    def test_random_files_from_files_and_pipes(self):
        for seed in range(20):
            backup = generate(seed)
            wanted = {s.child: s.content(backup) for s in fold(backup)}
            self.write("f", backup)
            for arguments, data in ((("f",), None), (("-",), backup)):
                with self.subTest(seed=seed, arguments=arguments):
                    result = run("unpack", *arguments, "d", data=data)
                    if b" overlap, " in result.err:
                        self.assertEqual(arguments, ("-",))
                        self.left("f")
                        continue
                    self.expect(result, out="")
                    found = self.tree("d")
                    for line in self.lines("d"):
                        if "file" in line:
                            found[line["name"].encode()] = \
                                found.pop(line["file"].encode())
                    self.assertEqual(found, wanted)
                    shutil.rmtree("d")

    def test_the_side_file_is_as_described(self):
        self.write("f", record(SECURITY_DATA, b"sd", attributes=2) +
                   record(DATA, b"0123456789", attributes=8) +
                   record(SPARSE_BLOCK, bytes(8) + b"abc", name="x",
                          attributes=9) +
                   record(EA_DATA, b"ea") + block(2, b"XY") + block(20))
        self.expect(run("unpack", "f", "d"))
        self.assertEqual(self.lines("d"), [
            {"bkup": 1},
            {"name": "security", "id": 3, "attributes": 2, "payload": 2},
            {"name": "data", "id": 1, "attributes": 8, "payload": 10},
            {"hidden": 0, "size": 4},
            {"block": 0, "size": 3, "attributes": 9, "raw": "7800"},
            {"hidden": 2, "size": 1},
            {"name": "ea", "id": 2, "attributes": 0, "payload": 2},
            {"block": 2, "size": 2, "attributes": 8},
            {"block": 20, "size": 0, "attributes": 8}])
        self.assertEqual(self.tree("d")[b"data"],
                         b"abXY456789" + bytes(10))
        with open("d/" + HIDDEN, "rb") as file:
            self.assertEqual(file.read(), b"0123" + b"c")

    def test_holes_are_holes(self):
        self.write("f", record(DATA, attributes=8) + block(MIB, b"x" * 4096) +
                   block(64 * MIB))
        self.expect(run("unpack", "f", "d"))
        st = os.stat("d/data")
        self.assertEqual(st.st_size, 64 * MIB)
        self.assertLess(st.st_blocks * 512, MIB)

    def test_a_huge_sparse_file_is_one_or_an_error(self):
        self.write("f", record(DATA, attributes=8) + block(1 << 62))
        result = run("unpack", "f", "d")
        if result.status == 0:
            self.assertEqual(os.stat("d/data").st_size, 1 << 62)
            self.expect(run("pack", "d", "g"))
            with open("g", "rb") as file:
                self.assertEqual(file.read(), record(DATA, attributes=8) +
                                 block(1 << 62))
        else:
            self.expect(result, status=2, err=(
                "bkup: cannot write 'd/data': File too large\n"))
            self.left("f")

    def test_long_names_get_short_ones(self):
        names = [":" + "x" * 300 + ":$DATA", ":" + "\u20ac" * 200 + ":$DATA",
                 ":" + "y" * 32000]
        self.write("f", b"".join(record(ALTERNATE_DATA, b"%d" % i, name)
                                 for i, name in enumerate(names)))
        self.expect(run("unpack", "f", "d"))
        self.assertEqual(self.tree("d"), {
            b":" + b"x" * 199 + b"%~1": b"0",
            b":" + "\u20ac".encode() * 66 + b"%~2": b"1",
            b"%3A" + b"y" * 197 + b"%~3": b"2"})
        lines = self.lines("d")
        self.assertEqual(lines[1]["name"], ":" + "x" * 300)
        self.assertEqual(lines[3]["raw"], utf16(names[2]).hex())

    def test_hostile_names_lead_nowhere(self):
        names = ["..", "../x", "/etc/passwd", "a\nb", "a\0b", ".", "",
                 ":../../y:$DATA", "\ud800", ".bkup.json"]
        self.write("f", b"".join(record(ALTERNATE_DATA, b"%d" % i, name)
                                 for i, name in enumerate(names)))
        self.expect(run("unpack", "f", "d"))
        self.left("d", "f")
        self.assertEqual(len(self.tree("d")), len(names))
        self.expect(run("pack", "d", "g"))
        with open("f", "rb") as one, open("g", "rb") as other:
            self.assertEqual(one.read(), other.read())


class Place(Unpacked):
    def test_an_empty_directory_is_replaced(self):
        os.mkdir("d")
        self.expect(run("unpack", EXAMPLE, "d/"))
        self.assertIn(b"data", self.tree("d"))

    def test_others_are_not(self):
        self.write("d/x", b"x")
        self.write("file", b"")
        self.expect(run("unpack", EXAMPLE, "d"), status=2, err=(
            "bkup: cannot unpack to 'd': Directory not empty; name a "
            "directory that does not exist, or is empty\n"))
        self.expect(run("unpack", EXAMPLE, "file"), status=2, err=(
            "bkup: cannot unpack to 'file': Not a directory; name a "
            "directory that does not exist, or is empty\n"))
        self.expect(run("unpack", EXAMPLE, "no/d"), status=2, err=(
            "bkup: cannot make 'no/d': No such file or directory\n"))
        self.left("d", "file")

    def test_nothing_is_left_of_what_is_bad(self):
        with open(EXAMPLE, "rb") as file:
            cut = file.read()[:-1]
        self.write("f", cut)
        for arguments, data in (("f", None), ("-", cut)):
            result = run("unpack", arguments, "d", data=data)
            self.assertEqual(result.status, 1)
            self.assertIn(b"at offset 242: payload of 15 bytes passes the end",
                          result.err)
            self.left("f")

    def test_a_full_disk_leaves_nothing(self):
        os.mkdir("small")
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k",
                               "tmpfs", "small"], capture_output=True,
                              check=False)
        if done.returncode:
            self.skipTest("no tmpfs: %s" % done.stderr.decode())
        self.addCleanup(subprocess.run, ["umount", "small"], check=True)
        self.write("f", record(DATA, b"x" * MIB))
        for source in ("f", "-"):
            with open("f", "rb") as file:
                self.expect(run("unpack", source, "small/d", stdin=file),
                            status=2, err=("bkup: cannot write 'small/d/data':"
                                           " No space left on device\n"))
            self.assertEqual(os.listdir("small"), [])
        self.write("d/data", b"x" * MIB)
        self.write("small/f", b"old")
        self.expect(run("pack", "d", "small/f"), status=2, err=(
            "bkup: cannot write 'small/f': No space left on device; what was "
            "there before is left\n"))
        self.assertEqual(os.listdir("small"), ["f"])
        with open("small/f", "rb") as file:
            self.assertEqual(file.read(), b"old")


class Trees(Unpacked):
    def test_a_tree_and_back(self):
        self.write("t/a", generate(1))
        self.write("t/sub/deep/b", generate(2))
        self.write("t/sub/empty", b"")
        os.mkdir("t/none")
        os.symlink("../a", "t/sub/link")
        os.symlink("/etc", "t/etc")
        os.mkfifo("t/fifo")
        os.mkdir("t/.bkupfs")
        self.write("t/.bkupfs/scratch/x/y~", b"")
        self.expect(run("unpack", "-r", "t", "u"))
        self.assertEqual(sorted(os.listdir("u")),
                         ["a", "etc", "fifo", "none", "sub"])
        self.assertEqual(os.readlink("u/etc"), "/etc")
        self.assertEqual(os.listdir("u/sub/empty"), [SIDE])
        self.assertEqual(self.tree("u/sub/deep/b"), {
            s.child: s.content(generate(2)) for s in fold(generate(2))})
        self.expect(run("pack", "-r", "u", "v"))
        shutil.rmtree("t/.bkupfs")
        os.unlink("t/fifo")
        os.unlink("v/fifo")
        done = subprocess.run(["diff", "-r", "--no-dereference", "t", "v"],
                              capture_output=True, check=False)
        self.assertEqual(done.stdout, b"")
        self.assertEqual(done.returncode, 0)

    def test_what_is_bad_is_told_and_the_rest_is_done(self):
        self.write("t/a", b"x")
        self.write("t/b", record(DATA, b"b"))
        self.expect(run("unpack", "-r", "t", "u"), status=1, err=(
            "bkup: 't/a': at offset 0: 1 bytes are too few for a header "
            "(20 bytes); this is no NT backup file\n"))
        self.assertEqual(os.listdir("u"), ["b"])

    def test_symlinks_in_the_way_are_not_followed(self):
        os.mkdir("elsewhere")
        os.mkdir("u")
        os.symlink("../elsewhere", "u/a")
        self.write("t/a/b", record(DATA, b"b"))
        result = run("unpack", "-r", "t", "u")
        self.assertEqual(result.status, 2)
        self.assertEqual(os.listdir("elsewhere"), [])
        self.write("s/data", b"x")
        os.symlink("elsewhere/new", "out")
        self.expect(run("pack", "s", "out"))
        self.assertEqual(os.listdir("elsewhere"), [])

    def test_too_deep_is_said(self):
        os.makedirs("t/" + "d/" * 250)
        result = run("unpack", "-r", "t", "u")
        self.assertEqual(result.status, 2)
        self.assertIn(b"is nested too deep (at most 200)", result.err)


if __name__ == "__main__":
    main()
