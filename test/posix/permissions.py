#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""May users do in a mount what they may do with the underlying files?"""

import os
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
sys.path.insert(0, HERE)

from mountcase import main
from posix_permissions import OBJECT, STREAMS, Permissions, R, W
from posix_users import OTHER, OWNER, USERS
from script_attributes import ACCESS, ACLS
from script_modes import MODES


class AsBelow(Permissions):
    """For every mode and ACL, every user and every stream."""

    def setUp(self):
        super().setUp()
        self.mount("-o", "timeout=0")

    def compare(self, what):
        below, above = "source/F", "mount/F"
        for user in USERS:
            reads, writes = (self.may(user, below, flags) for flags in (R, W))
            # A directory that cannot be searched lets nobody in.
            writes = writes and (reads or not user.uid)
            for child in STREAMS:
                path = f"{above}/{child}"
                told = what, user, path
                self.assertEqual(self.may(user, path, R), reads, told)
                self.assertEqual(self.may(user, path, W), writes, told)
            for call, wanted in (("listdir", reads), ("chdir", reads),
                                 ("mkdir", writes)):
                path = above + "/.new" * (call == "mkdir")
                result = self.take(getattr(user, call)(path))
                self.assertEqual(result not in ("EACCES", "EPERM"), wanted,
                                 (what, user, call, result))
            if writes:
                os.rmdir(self.at("F/.new"))

    def test_modes(self):
        for mode in MODES:
            os.chmod(self.under("F"), mode)
            self.compare(oct(mode))

    def test_acls(self):
        for name, value in ACLS.items():
            os.chmod(self.under("F"), 0o600)
            os.setxattr(self.under("F"), ACCESS, value)
            self.compare(name)
            for mode in (0o600, 0o640, 0o660, 0o604):
                os.chmod(self.under("F"), mode)
                self.compare((name, oct(mode)))

    def test_directories_above(self):
        os.mkdir(self.under("d"))
        self.put("d/G", OBJECT)
        os.chown(self.under("d"), OWNER.uid, OWNER.gid)
        for mode in (0o700, 0o750, 0o711, 0o744, 0o755, 0o777):
            os.chmod(self.under("d"), mode)
            for user in USERS:
                for path in ("d", "d/G"):
                    for flags in (os.R_OK, os.W_OK, os.X_OK):
                        if path == "d/G" and flags == os.X_OK:
                            continue
                        step = [user.access(f"{side}/{path}", flags)
                                for side in ("source", "mount")]
                        self.assertEqual(self.take(step[0]),
                                         self.take(step[1]), step)
                self.assertEqual(self.take(user.stat("mount/d/G/security"))
                                 == "EACCES",
                                 self.take(user.stat("source/d/G"))
                                 == "EACCES", (oct(mode), user))


class TheMountPoint(Permissions):
    def test_it_is_busy(self):
        self.mount()
        self.fails(16, os.rmdir, self.point)
        self.fails(16, os.rename, self.point, self.point + ".x")
        self.refuses(OTHER.mkdir("mount/x"))

    def test_the_kernel_is_told_to_check(self):
        self.mount()
        with open("/proc/self/mountinfo", encoding="utf-8") as lines:
            line = next(line for line in lines if self.point in line)
        for option in ("default_permissions", "allow_other", "nosuid"):
            self.assertIn(option, line)


if __name__ == "__main__":
    main()
