#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Nobody learns what is in a stream who may not read it: by no other name, not
from what is open, and not from what the daemon keeps while it works."""

import os
import stat
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
sys.path.insert(0, HERE)

from mountcase import main, read, wait_for
from posix_permissions import OBJECT, STREAMS, F, Permissions, R, W
from posix_users import COMMON, MEMBER, OTHER, OWNER, SIDE_GROUP, SUPPLEMENTARY
from script_attributes import ACCESS, DEFAULT, acl


class Secrets(Permissions):
    """F is the owner's alone."""

    def setUp(self):
        super().setUp()
        self.mount()

    def test_no_other_way_to_the_content(self):
        for user in (MEMBER, SUPPLEMENTARY, OTHER):
            for child in (*STREAMS, ".x", "b~", ".view", ".bkupfs", ".",
                          ".view/backup", ".view/security.sddl"):
                path = f"mount/F/{child}"
                for step in (
                        user.open(path, R), user.open(path, W),
                        user.open(path, os.O_PATH), user.stat(path),
                        user.getxattr(path, "user.bkupfs.xxh3"),
                        user.getxattr(path, "user.bkupfs.offset"),
                        user.listxattr(path), user.unlink(path),
                        user.rename(path, "mount/F/.y"),
                        user.link(path, "mount/F/:l"),
                        user.setxattr(path, "user.bkupfs.attributes", b"1"),
                        user.chmod(path, 0o666), user.truncate(path, 0),
                        user.put(path, b"x")):
                    if (child, step.call) != (".", "stat"):
                        self.refuses(step, "EACCES", "EPERM", "EXDEV",
                                     "EBUSY", "EISDIR", "EINVAL")
            self.refuses(user.listdir("mount/F"))
            self.refuses(user.chmod("mount/F", 0o777), "EPERM")
            self.refuses(user.setxattr("mount/F", ACCESS, acl(7, 7, 7)),
                         "EPERM")
        self.assertEqual(read(self.under("F")), OBJECT)

    def test_what_is_open_is_no_way_in_for_others(self):
        self.does(OWNER.hold("f", "mount/F/security", R))
        pid = self.workers.workers["owner"].pid
        self.refuses(OTHER.open(f"/proc/{pid}/fd/{3}", R), "EACCES", "ENOENT")
        daemon = self.mounts[-1].process.pid
        self.refuses(OTHER.listdir(f"/proc/{daemon}/fd"))
        self.refuses(OTHER.open(f"/proc/{daemon}/root", R))
        self.refuses(OTHER.open(f"/proc/{daemon}/mem", R))

    def test_a_mode_that_was_taken_away_counts_at_once(self):
        self.does(OWNER.chmod("mount/F/security", 0o644))
        self.does(OTHER.open("mount/F/security", R))
        self.does(OWNER.chmod("mount/F/data", 0o600))
        for child in STREAMS:
            self.refuses(OTHER.open(f"mount/F/{child}", R))
        os.chmod(self.under("F"), 0o644)
        wait_for(lambda: self.may(OTHER, "mount/F/data", R), 5, "chmod below")
        os.chmod(self.under("F"), 0o600)
        wait_for(lambda: not self.may(OTHER, "mount/F/data", R), 5, "and back")

    def test_renames_and_scratch_of_an_object_keep_its_permissions(self):
        os.setxattr(self.under("F"), ACCESS, acl(6, 0, 0, 6, [(MEMBER.uid,
                                                               6)]))
        self.forget_attributes()
        self.does(OWNER.rename("mount/F/data", "mount/F/data~"))
        found = os.getxattr(self.at("F/data~"), ACCESS)
        self.assertEqual(found, os.getxattr(self.under("F"), ACCESS))
        self.does(MEMBER.open("mount/F/data~", R))
        self.refuses(SUPPLEMENTARY.open("mount/F/data~", R))
        self.does(OWNER.rename("mount/F/data~", "mount/F/data"))
        self.assertEqual(os.getxattr(self.under("F"), ACCESS), found)

    def test_set_id_bits_do_not_outlast_a_write(self):
        for mode in (0o6777, 0o4777, 0o2777):
            os.chmod(self.under("F"), mode)
            self.forget_attributes()
            self.does(OTHER.put("mount/F/:a", oct(mode).encode()))
            self.assertFalse(os.stat(self.under("F")).st_mode & 0o6000,
                             oct(mode))


class Hidden(Permissions):
    """SOURCE/.bkupfs, where staged bytes and scratch are."""

    def setUp(self):
        super().setUp()
        os.chmod(self.source, 0o777)

    def stage(self):
        self.does(OWNER.hold("f", "mount/F/data", W))
        self.does(OWNER.write(F, b"secret"), 6)
        self.does(OWNER.put("mount/F/.scratch", b"secret", 0o666))

    def check_hidden(self):
        """Nobody but root sees anything of it."""
        st = os.stat(self.under(".bkupfs"))
        self.assertEqual((st.st_uid, stat.S_IMODE(st.st_mode)), (0, 0o700))
        for user in COMMON:
            for path in (".bkupfs", ".bkupfs/scratch",
                         ".bkupfs/scratch/F/.scratch"):
                path = f"source/{path}"
                self.refuses(user.listdir(path))
                self.refuses(user.open(path + "/.", R))
            self.refuses(user.stat("mount/.bkupfs"), "ENOENT")
            self.refuses(user.mkdir("mount/.bkupfs"), "EINVAL", "EACCES")

    def files(self):
        found = {}
        for where, _, names in os.walk(self.under(".bkupfs")):
            for name in names:
                path = os.path.join(where, name)
                found[name] = path
        return found

    def test_what_is_staged(self):
        self.mount()
        self.stage()
        self.check_hidden()
        for name, path in self.files().items():
            if name.startswith("stage"):
                self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            self.refuses(OTHER.open(path, R))
        self.does(OWNER.close(F))

    def test_whatever_source_hands_down(self):
        """A default ACL and a group, which are for what users make there."""
        os.chown(self.source, 0, SIDE_GROUP)
        os.chmod(self.source, 0o2777)
        os.setxattr(self.source, DEFAULT,
                    acl(7, 7, 7, 7, [(OTHER.uid, 7)]))
        self.mount()
        self.stage()
        self.check_hidden()
        self.does(OWNER.close(F))
        self.does(OWNER.put("mount/F/:new", b"x" * 5000))
        # A rebuild is no new file: it has what the old one had.
        st = os.stat(self.under("F"))
        self.assertEqual((st.st_uid, st.st_gid, stat.S_IMODE(st.st_mode)),
                         (OWNER.uid, OWNER.gid, 0o600))
        self.assertNotIn(ACCESS, os.listxattr(self.under("F")))
        os.chmod(self.under("F"), 0o660)
        self.forget_attributes()
        self.refuses(OTHER.open("mount/F/data", R))
        self.refuses(OTHER.open("source/F", R))

    def test_one_that_somebody_else_made(self):
        """He could read it, and have his records applied by the daemon."""
        self.does(OTHER.mkdir("source/.bkupfs", 0o777))
        self.does(OTHER.masked(0).put("source/.bkupfs/redo-0", b"evil"))
        self.mount()
        self.assertEqual(read(self.at("F/data")), b"main")
        self.assertEqual(sorted(os.listdir(self.at("F"))), sorted(STREAMS))
        self.refuses(OWNER.put("mount/F/data", b"secret"), "EPERM")
        self.refuses(OWNER.put("mount/F/.x", b"secret"), "EPERM")
        self.assertEqual(os.listdir(self.under(".bkupfs")), ["redo-0"])
        self.assertEqual(read(self.under("F")), OBJECT)
        self.assertTrue(self.mounts[-1].lines(".bkupfs"))
        os.unlink(self.under(".bkupfs/redo-0"))
        os.rmdir(self.under(".bkupfs"))
        self.forget_attributes()
        self.does(OWNER.put("mount/F/data", b"secret"))

    def test_what_is_no_directory(self):
        self.does(OTHER.symlink("/tmp", "source/.bkupfs"))
        self.mount()
        self.assertEqual(read(self.at("F/data")), b"main")
        self.refuses(OWNER.put("mount/F/data", b"secret"), "ELOOP")

    def test_one_that_others_could_look_into(self):
        os.mkdir(self.under(".bkupfs"))
        os.chmod(self.under(".bkupfs"), 0o2755)
        os.setxattr(self.under(".bkupfs"), DEFAULT, acl(7, 7, 7))
        self.mount()
        self.stage()
        self.check_hidden()
        self.does(OWNER.close(F))


if __name__ == "__main__":
    main()
