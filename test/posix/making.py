#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Whose is what is made in a mount, and with which mode."""

import os
import stat
import sys
import threading

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
sys.path.insert(0, HERE)

from mountcase import main, write
from posix_permissions import OBJECT, Permissions
from posix_users import COMMON, OTHER, OWNER, SIDE_GROUP
from script_attributes import ACCESS, ACLS, DEFAULT


class Making(Permissions):
    """Whose is what is made."""

    def setUp(self):
        super().setUp()
        os.mkdir(self.under("d"))
        os.mkdir(self.tmp + "/plain")

    def both(self, mode, group, default=None):
        for path in (self.under("d"), self.tmp + "/plain"):
            os.chown(path, 0, group)
            os.chmod(path, mode)
            if default:
                os.setxattr(path, DEFAULT, default)
        self.mount()

    def check(self, name):
        """The object, below, and the directory that was made natively."""
        st, native = os.stat(self.under("d", name)), \
            os.stat(f"{self.tmp}/plain/{name}")
        self.assertTrue(stat.S_ISREG(st.st_mode))
        self.assertEqual((st.st_uid, st.st_gid, st.st_mode & 0o666),
                         (native.st_uid, native.st_gid,
                          native.st_mode & 0o666), name)
        for child in ("data", ".scratch"):
            self.assertEqual(os.stat(self.at("d", name, child)).st_uid,
                             native.st_uid)

    def make(self):
        for user in COMMON:
            for umask in (0, 0o027, 0o077):
                who, name = user.masked(umask), f"{user}{umask}"
                for base in ("mount/d", "plain"):
                    self.does(who.mkdir(f"{base}/{name}", 0o777))
                self.does(who.put(f"mount/d/{name}/data", b"x"))
                self.does(who.put(f"mount/d/{name}/.scratch", b"x", 0o666))
                self.check(name)
                scratch = os.stat(self.at("d", name, ".scratch"))
                self.assertEqual(scratch.st_mode & 0o777, 0o666 & ~umask)

    def test_in_a_common_directory(self):
        self.both(0o1777, 0)
        self.make()

    def test_in_a_set_group_id_directory(self):
        self.both(0o2777, SIDE_GROUP)
        self.make()

    def test_under_a_default_acl(self):
        self.both(0o777, 0, ACLS["other in"])
        self.make()
        for user in COMMON:
            self.assertIn(ACCESS, os.listxattr(self.under("d", f"{user}0")))
        self.does(OTHER.put(f"mount/d/{OWNER}0/data", b"by his ACL"))

    def test_another_users_scratch_stays_his(self):
        self.both(0o777, 0)
        self.does(OWNER.masked(0).mkdir("mount/d/o", 0o777))
        self.does(OWNER.masked(0).put("mount/d/o/data", b"x"))
        self.does(OWNER.masked(0).put("mount/d/o/.s", b"x", 0o666))
        self.does(OTHER.put("mount/d/o/.s", b"his"))
        self.assertEqual(os.stat(self.at("d/o/.s")).st_uid, OWNER.uid)

    def test_what_is_put_in_the_place_of_what_is_made(self):
        """While somebody swaps things below, nobody is given what is old."""
        os.chmod(self.under("d"), 0o777)
        os.mkdir(self.under("old"))
        write(self.under("old/inside"), OBJECT)
        number = os.stat(self.under("old")).st_ino
        self.mount()
        stop = threading.Event()

        def swap():
            while not stop.is_set():
                try:
                    os.rename(self.under("d/n"), self.under("made"))
                    os.rename(self.under("old"), self.under("d/n"))
                    os.rename(self.under("d/n"), self.under("old"))
                    os.rmdir(self.under("made"))
                except OSError:
                    pass
        thread = threading.Thread(target=swap)
        thread.start()
        for _ in range(300):
            self.take(OTHER.mkdir("mount/d/n"))
            self.take(OTHER.rmdir("mount/d/n"))
        stop.set()
        thread.join()
        where = "old" if os.path.exists(self.under("old")) else "d/n"
        st = os.stat(self.under(where))
        self.assertEqual((st.st_ino, st.st_uid), (number, 0))


if __name__ == "__main__":
    main()
