#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""bkup check: directories, and what a daemon left in them"""

import fcntl
import json
import os

from cli_support import Case, main, record, run
from nt_ids import DATA

GOOD = record(DATA, b"abc")
BAD = "at offset 0: 3 bytes are too few for a header (20 bytes); " \
      "this is no NT backup file\n"


def summary(files, bad=0, unreadable=0, leftovers=0):
    streams = files - bad
    return "checked %d file%s with %d stream%s: %d bad, 0 bad payloads, " \
           "%d unreadable, %d leftover%s\n" % (
               files, "s" * (files != 1), streams, "s" * (streams != 1), bad,
               unreadable, leftovers, "s" * (leftovers != 1))


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
    TIME = 1_000_000_000
    WHEN = "2001-09-09 01:46:40"
    CRASH = ("redo-3", "stage-1", "new-22")
    NOTES = {
        "new": "a version of a file that was being built: '%s' (9 bytes, "
               "%s); the next mount removes it",
        "redo": "a commit that was interrupted: '%s' (9 bytes, %s); mount "
                "the tree once to complete it, before its files are used",
        "stage": "content of a stream that was not committed: '%s' (9 bytes, "
                 "%s); the next mount removes it",
        "scratch": "scratch: '%s' (9 bytes, %s); mount the tree, and remove "
                   "it or rename it into place",
        "rescued": "what was written and could not be committed: '%s' "
                   "(9 bytes, %s); mount the tree, and remove it or rename "
                   "it into place",
        "unknown": "no file of bkupfs: '%s' (9 bytes, %s); it is left alone; "
                   "whose it is may remove it",
    }

    def setUp(self):
        super().setUp()
        os.environ["TZ"] = "UTC"
        self.addCleanup(os.environ.pop, "TZ")

    def put(self, *names, control="t/.bkupfs"):
        for name in names:
            path = self.write(os.path.join(control, name), b"no backup")
            os.utime(path, (self.TIME, self.TIME))

    def note(self, kind, file, place=None):
        place = place or os.path.basename(file)
        return "'%s': left: %s\n" % (
            file, self.NOTES[kind] % (place, self.WHEN))

    def lock(self, path):
        """As a daemon does that serves path."""
        fd = os.open(path, os.O_RDONLY)
        self.addCleanup(os.close, fd)
        fcntl.flock(fd, fcntl.LOCK_EX)

    def test_each_kind_of_a_crash_is_a_fault(self):
        for name in self.CRASH:
            with self.subTest(name=name):
                self.write("t/good", GOOD)
                self.put(name)
                self.expect(run("check", "t"), status=1, out=(
                    self.note(name.split("-")[0], "t/.bkupfs/" + name) +
                    summary(1, leftovers=1)))
                os.unlink("t/.bkupfs/" + name)
        self.expect(run("check", "t"), out=summary(1))

    def test_scratch_is_named_and_no_fault(self):
        rescued = ".data.stage-18aa2f3d0c5e4b00"
        self.write("t/good", GOOD)
        self.put("scratch/x~", "scratch/a/b/.data.Ab12Cd",
                 "scratch/good/" + rescued, "scratch/good/.stage-1",
                 "scratch/good/.data.stage-", "scratch/good/.a.stage-b.c")
        path = "t/.bkupfs/scratch/"
        self.expect(run("check", "t"), out=(
            self.note("scratch", path + "a/b/.data.Ab12Cd",
                      "a/b/.data.Ab12Cd") +
            self.note("scratch", path + "good/.a.stage-b.c",
                      "good/.a.stage-b.c") +
            self.note("scratch", path + "good/.data.stage-",
                      "good/.data.stage-") +
            self.note("rescued", path + "good/" + rescued,
                      "good/" + rescued) +
            self.note("scratch", path + "good/.stage-1", "good/.stage-1") +
            self.note("scratch", path + "x~", "x~") +
            summary(1, leftovers=6)))

    def test_what_is_unknown_is_named_and_no_fault(self):
        self.put("lock", "restage-1")
        os.mkdir("t/.bkupfs/dir")
        self.write("t/.bkupfs/dir/file", b"bad")
        os.utime("t/.bkupfs/dir", (self.TIME, self.TIME))
        self.expect(run("check", "t"), out=(
            self.note("unknown", "t/.bkupfs/dir").replace(
                "9 bytes", "a directory") +
            self.note("unknown", "t/.bkupfs/lock") +
            self.note("unknown", "t/.bkupfs/restage-1") +
            summary(0, leftovers=3)))

    def test_what_is_no_file(self):
        os.makedirs("t/.bkupfs/scratch/f/.rsync-partial")
        os.makedirs("t/.bkupfs/new-1")
        os.symlink("nowhere", "t/.bkupfs/scratch/f/.link")
        os.mkfifo("t/.bkupfs/redo-1")
        for path in ("scratch/f/.rsync-partial", "new-1", "redo-1",
                     "scratch/f/.link"):
            os.utime("t/.bkupfs/" + path, (self.TIME, self.TIME),
                     follow_symlinks=False)
        path = "t/.bkupfs/"
        self.expect(run("check", "t"), status=1, out=(
            self.note("new", path + "new-1").replace(
                "9 bytes", "a directory") +
            self.note("redo", path + "redo-1").replace(
                "9 bytes", "a special file") +
            self.note("scratch", path + "scratch/f/.link",
                      "f/.link").replace("9 bytes", "a symlink") +
            self.note("scratch", path + "scratch/f/.rsync-partial",
                      "f/.rsync-partial").replace("9 bytes", "a directory") +
            summary(0, leftovers=4)))

    def test_mirrors_are_no_scratch(self):
        os.makedirs("t/.bkupfs/scratch/a/b")
        self.expect(run("check", "t"), out=summary(0))

    def test_the_control_directory_may_be_named(self):
        self.put("stage-1", "scratch/f/.x")
        os.symlink("t/.bkupfs", "link")
        for name in "t/.bkupfs", "t/.bkupfs/", "./t//.bkupfs/.", "link":
            with self.subTest(name=name):
                path = name.rstrip("/") + "/"
                self.expect(run("check", name), status=1, out=(
                    self.note("scratch", path + "scratch/f/.x", "f/.x") +
                    self.note("stage", path + "stage-1") +
                    summary(0, leftovers=2)))
        os.chdir("t/.bkupfs")
        self.expect(run("check", "."), status=1, out=(
            self.note("scratch", "./scratch/f/.x", "f/.x") +
            self.note("stage", "./stage-1") + summary(0, leftovers=2)))

    def test_trees_below_have_their_own(self):
        self.put("stage-1", control="t/sub/.bkupfs")
        self.put("redo-2", "scratch/.bkupfs/stage-1")
        self.write("t/sub/zz", b"bad")
        self.expect(run("check", "t"), status=1, out=(
            self.note("redo", "t/.bkupfs/redo-2") +
            self.note("scratch", "t/.bkupfs/scratch/.bkupfs/stage-1",
                      ".bkupfs/stage-1") +
            self.note("stage", "t/sub/.bkupfs/stage-1") +
            "'t/sub/zz': " + BAD + summary(1, bad=1, leftovers=3)))

    def test_a_daemon_at_work_leaves_nothing(self):
        self.write("t/good", GOOD)
        self.put("scratch/.x", *self.CRASH)
        self.lock("t")
        at_work = ("'t/.bkupfs': in use: a daemon is at work: 3 of its files "
                   "there are no leftovers; unmount the tree to check it at "
                   "rest\n")
        self.expect(run("check", "t"), out=(
            self.note("scratch", "t/.bkupfs/scratch/.x", ".x") + at_work +
            summary(1, leftovers=1)))
        self.expect(run("check", "t/.bkupfs"), out=(
            self.note("scratch", "t/.bkupfs/scratch/.x", ".x") + at_work +
            summary(0, leftovers=1)))

    def test_only_the_tree_above_counts(self):
        self.put("stage-1")
        self.lock(".")
        self.lock("t/.bkupfs")
        self.expect(run("check", "t"), status=1)

    def test_looking_keeps_no_lock(self):
        self.put("stage-1")
        self.expect(run("check", "t"), status=1)
        self.lock("t")

    def test_json_names_kind_and_place(self):
        self.write("t/good", GOOD)
        self.put("scratch/a/.x", "scratch/a/.x.stage-0", "lock", *self.CRASH)
        result = run("check", "--json", "t/")
        self.expect(result, status=1)
        found = [json.loads(line) for line in result.out.splitlines()]
        self.assertEqual(
            [(o["kind"], o["path"], o["size"], o["mtime"])
             for o in found[:-1]],
            [(kind, path, 9, self.TIME) for kind, path in (
                ("unknown", "lock"), ("new", "new-22"), ("redo", "redo-3"),
                ("scratch", "a/.x"), ("rescued", "a/.x.stage-0"),
                ("stage", "stage-1"))])
        self.assertEqual(found[3]["file"], "t/.bkupfs/scratch/a/.x")
        self.assertTrue(all(o["reason"] and o["advice"] for o in found[:-1]))
        self.assertEqual(found[-1], {
            "kind": "summary", "files": 1, "streams": 1, "bad": 0,
            "payloads": 0, "unreadable": 0, "leftovers": 6, "unfinished": 3})

    def test_json_has_what_is_in_use(self):
        self.put(*self.CRASH)
        self.lock("t")
        result = run("check", "--json", "t")
        self.expect(result)
        in_use, last = map(json.loads, result.out.splitlines())
        self.assertEqual((in_use["kind"], in_use["file"], in_use["count"]),
                         ("in-use", "t/.bkupfs", 3))
        self.assertEqual((last["leftovers"], last["unfinished"]), (0, 0))

    def test_bad_data_beside_scratch_is_a_fault(self):
        self.put("scratch/.x")
        self.write("t/bad", b"bad")
        self.assertEqual(run("check", "t").status, 1)

    def test_names_cannot_command_a_terminal(self):
        self.put("scratch/.\033[2J")
        self.expect(run("check", "t"), out=(
            self.note("scratch", "t/.bkupfs/scratch/.\\033[2J",
                      ".\\033[2J") + summary(0, leftovers=1)))


if __name__ == "__main__":
    main()
