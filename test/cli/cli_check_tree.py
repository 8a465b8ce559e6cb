#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""bkup check: directories, and what a daemon left in them"""

import json
import os

from cli_support import Case, main, record, run
from nt_ids import DATA

GOOD = record(DATA, b"abc")
BAD = "at offset 0: 3 bytes are too few for a header (20 bytes); " \
      "this is no NT backup file\n"


def summary(files, bad=0, unreadable=0, leftovers=0):
    streams = files - bad
    return "checked %d file%s with %d stream%s: %d bad, %d unreadable, " \
           "%d leftover%s\n" % (files, "s" * (files != 1), streams,
                                "s" * (streams != 1), bad, unreadable,
                                leftovers, "s" * (leftovers != 1))


class Tree(Case):
    def test_walks_in_the_order_of_names(self):
        self.write("t/b/bad", b"bad")
        self.write("t/a/deep/down/bad", b"bad")
        self.write("t/a/good", GOOD)
        self.write("t/c", b"bad")
        expected = "".join(
            "'t%s': %s" % (path, BAD) for path in
            ("/a/deep/down/bad", "/b/bad", "/c")) + summary(4, 3)
        self.expect(run("check", "t"), status=1, out=expected)
        self.expect(run("check", "t/"), status=1, out=expected)

    def test_takes_files_and_directories(self):
        self.write("t/good", GOOD)
        self.write("f", GOOD)
        self.expect(run("check", "f", "t", "f"), out=summary(3))
        self.expect(run("check", "."), out=summary(2))

    def test_does_not_follow_symlinks(self):
        self.write("elsewhere/bad", b"bad")
        self.write("t/good", GOOD)
        os.symlink("../elsewhere", "t/dir")
        os.symlink("../elsewhere/bad", "t/file")
        os.symlink(".", "t/loop")
        os.symlink("nowhere", "t/dangling")
        self.expect(run("check", "t"), out=summary(1))

    def test_follows_the_symlink_that_is_named(self):
        self.write("t/bad", b"bad")
        os.symlink("t", "dir")
        os.symlink("t/bad", "file")
        os.symlink("nowhere", "dangling")
        self.expect(run("check", "dir", "file"), status=1, out=(
            "'dir/bad': %s'file': %s" % (BAD, BAD) + summary(2, 2)))
        self.expect(run("check", "dangling"), status=2,
                    out=summary(0, unreadable=1), err=(
            "bkup: cannot read 'dangling': No such file or directory\n"))

    def test_passes_special_files(self):
        self.write("t/good", GOOD)
        os.mkfifo("t/fifo")
        self.expect(run("check", "t"), out=summary(1))

    def test_reads_the_fifo_that_is_named(self):
        reading, writing = os.pipe()
        os.write(writing, GOOD)
        os.close(writing)
        self.expect(run("check", "/dev/fd/%d" % reading, pass_fds=[reading]),
                    out=summary(1))
        os.close(reading)

    def test_paths_longer_than_a_system_call_takes(self):
        top = os.getcwd()
        for _ in range(30):
            os.mkdir("d" * 200)
            os.chdir("d" * 200)
        self.write("bad", b"bad")
        os.chdir(top)
        path = "/".join(["d" * 200] * 30) + "/bad"
        self.expect(run("check", "d" * 200), status=1,
                    out="'%s': %s" % (path, BAD) + summary(1, 1))

    def test_unreadable_ones_are_said(self):
        if os.geteuid() == 0:
            self.skipTest("root can read everything")
        self.write("t/file", GOOD)
        self.write("t/dir/file", GOOD)
        self.write("t/good", GOOD)
        os.chmod("t/file", 0)
        os.chmod("t/dir", 0)
        self.addCleanup(os.chmod, "t/dir", 0o700)
        self.expect(run("check", "t"), status=2,
                    out=summary(1, unreadable=2), err=(
            "bkup: cannot read 't/dir': Permission denied\n"
            "bkup: cannot read 't/file': Permission denied\n"))


class Leftovers(Case):
    FILES = ("scratch/a/b/.data.Ab12Cd", "scratch/x~", "stage-1", "new-22",
             "redo-3", "lock")

    def fill(self):
        self.write("t/good", GOOD)
        for name in self.FILES:
            self.write("t/.bkupfs/" + name, b"no backup")
        os.symlink("nowhere", "t/.bkupfs/scratch/.link")

    def test_are_noted_and_no_fault(self):
        self.fill()
        note = "'t/.bkupfs/%s': note: %s: '%s'; %s\n"
        crash = "uncommitted data left by a crash"
        removes = "the next mount removes it"
        take = "mount the tree to take or remove it"
        self.expect(run("check", "t"), out=(
            note % ("new-22", crash, "new-22", removes) +
            note % ("redo-3", "commit to be completed at the next mount",
                    "redo-3", "mount the tree before its files are used") +
            note % ("scratch/.link", "scratch left", ".link", take) +
            note % ("scratch/a/b/.data.Ab12Cd", "scratch left",
                    "a/b/.data.Ab12Cd", take) +
            note % ("scratch/x~", "scratch left", "x~", take) +
            note % ("stage-1", crash, "stage-1", removes) +
            summary(1, leftovers=6)))

    def test_json_names_kind_and_place(self):
        self.fill()
        result = run("check", "--json", "t/")
        self.expect(result)
        found = [json.loads(line) for line in result.out.splitlines()]
        self.assertEqual(
            [("uncommitted", "new-22"), ("redo", "redo-3"),
             ("scratch", ".link"), ("scratch", "a/b/.data.Ab12Cd"),
             ("scratch", "x~"), ("uncommitted", "stage-1")],
            [(o["kind"], o["path"]) for o in found[:-1]])
        self.assertEqual(found[3]["file"],
                         "t/.bkupfs/scratch/a/b/.data.Ab12Cd")
        self.assertEqual(found[-1], {
            "kind": "summary", "files": 1, "streams": 1, "bad": 0,
            "unreadable": 0, "leftovers": 6})

    def test_bad_data_beside_them_is_a_fault(self):
        self.fill()
        self.write("t/bad", b"bad")
        self.assertEqual(run("check", "t").status, 1)

    def test_only_the_top_has_a_control_directory(self):
        self.write("t/sub/.bkupfs/stage-1", b"bad")
        self.expect(run("check", "t"), status=1, out=(
            "'t/sub/.bkupfs/stage-1': " + BAD + summary(1, 1)))
        self.expect(run("check", "t/sub"), out=(
            "'t/sub/.bkupfs/stage-1': note: uncommitted data left by a "
            "crash: 'stage-1'; the next mount removes it\n" +
            summary(0, leftovers=1)))


if __name__ == "__main__":
    main()
