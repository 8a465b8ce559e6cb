#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""bkup restore is killed at each of its calls that write: what it puts in
place is the old file or the new one, whole; what it does to directories is
done stream by stream. To restore once more does it all.

A kill before a call is one after the call before it. That a single call is cut
off in the middle is not tried.
"""

import os
import shutil
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from journey import bkup, run
from kill_case import ACCESS, KillCase, neither, state, tree_state, \
    why_untraced
from kill_files import ACL, DEFAULT, MAKERS, NEW, STREAM, new_file, \
    new_posix, old_file, old_posix
from mountcase import run_cases, skip_all, write


class Restore(KillCase):
    def setUp(self):
        super().setUp()
        self.place = self.at("place")

    def capture(self, profile, path, *options):
        run(bkup(), "capture", *options, "--profile", profile, path,
            self.at("backup"))
        return (bkup(), "restore", *options, "--profile", profile,
                self.at("backup"))

    def clear(self):
        if os.path.exists(self.place):
            shutil.rmtree(self.place)
        os.mkdir(self.place)

    def file(self, profile, build):
        """A file that is put in place is old or new as a whole."""
        new_file(self.at("new"), profile)
        new = state(self.at("new"))
        target = os.path.join(self.place, "file")
        restore = (*self.capture(profile, self.at("new")), target)

        def attempt(point):
            self.clear()
            write(os.path.join(self.place, "other"), b"other")
            build(target)
            old, others = state(target), state(self.place + "/other")
            killed = self.killed(point, *restore)
            found, left = tree_state(self.place)
            self.assertIn(found.get("file", {}), (old, new))
            # The file that was to be renamed, and nothing else.
            self.assertLessEqual(len(left), int(killed), left)
            run(*restore)
            found, still_left = tree_state(self.place)
            self.assertEqual(still_left, left)
            del found["."]
            self.assertEqual(found, {"file": new, "other": others})
            return killed
        self.kills(attempt)

    def test_anew_posix(self):
        self.file("posix", lambda path: None)

    def test_anew_samba(self):
        self.file("samba", lambda path: None)

    def test_replaced_posix(self):
        self.file("posix", lambda path: old_file(path, "posix"))

    def test_replaced_samba(self):
        self.file("samba", lambda path: old_file(path, "samba"))

    def directory(self, profile, old_more=(), new_more=()):
        """A directory gets stream after stream; each is old or new."""
        old_of, new_of = MAKERS[profile]
        os.mkdir(self.at("new"))
        for name, value in new_more:
            os.setxattr(self.at("new"), name, value)
        new_of(self.at("new"))
        new = state(self.at("new"))
        target = os.path.join(self.place, "directory")
        restore = (*self.capture(profile, self.at("new")), target)

        def attempt(point):
            self.clear()
            os.mkdir(target)
            write(os.path.join(target, "inside"), b"inside")
            for name, value in old_more:
                os.setxattr(target, name, value)
            old_of(target)
            old, inside = state(target), state(target + "/inside")
            expected = dict(new)
            # What does not come stays.
            if profile == "samba":
                name = STREAM.format("removed")
                expected[name] = old[name]
            killed = self.killed(point, *restore)
            found, left = tree_state(self.place)
            self.assertEqual(left, [])
            self.assertEqual(neither(found["directory"], old, expected), {})
            self.assertEqual(found["directory/inside"], inside)
            run(*restore)
            found, _ = tree_state(self.place)
            del found["."]
            self.assertEqual(found, {"directory": expected,
                                     "directory/inside": inside})
            return killed
        self.kills(attempt)

    def test_directory_posix(self):
        self.directory("posix", old_more=((DEFAULT, ACL),))

    def test_directory_posix_gets_acls(self):
        self.directory("posix", new_more=((DEFAULT, ACL), (ACCESS, ACL)))

    def test_directory_samba(self):
        self.directory("samba")

    def test_tree(self):
        """Files are replaced one by one, directories keep what is in them."""
        os.makedirs(self.at("new", "sub"))
        new_file(self.at("new", "file"), "posix")
        new_file(self.at("new", "sub", "file"), "posix")
        os.symlink("file", self.at("new", "link"))
        os.mkfifo(self.at("new", "sub", "fifo"))
        for name in ("link", "sub/fifo"):
            os.utime(self.at("new", name), ns=(NEW, NEW),
                     follow_symlinks=False)
        new_posix(self.at("new", "sub"))
        new_posix(self.at("new"))
        new, _ = tree_state(self.at("new"))
        restore = (*self.capture("posix", self.at("new"), "-r"), self.place)

        def attempt(point):
            self.clear()
            os.mkdir(self.place + "/sub")
            old_file(self.place + "/file", "posix")
            old_file(self.place + "/sub/other", "posix")
            old_posix(self.place + "/sub")
            old, _ = tree_state(self.place)
            killed = self.killed(point, *restore)
            found, left = tree_state(self.place)
            self.assertLessEqual(len(left), 2 * int(killed), left)
            for path in {*found, *old, *new}:
                now, before, after = (states.get(path, {})
                                      for states in (found, old, new))
                if path == "sub/other":
                    self.assertEqual(now, before)
                elif path in (".", "sub"):
                    # What is made in it changes its time.
                    self.assertEqual(
                        neither(now, before, after, ("mtime",)), {})
                else:
                    self.assertIn(now, (before, after), path)
            run(*restore)
            found, still_left = tree_state(self.place)
            self.assertEqual(still_left, left)
            self.assertEqual(found, {**new, "sub/other": old["sub/other"]})
            return killed
        self.kills(attempt)


if __name__ == "__main__":
    if os.geteuid() != 0:
        skip_all("only root may give files away")
    if why_untraced():
        skip_all(why_untraced())
    run_cases()
