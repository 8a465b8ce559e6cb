# SPDX-License-Identifier: BSD-2-Clause
"""An object of one user, and what others may do with it in a mount."""

import os

from mountcase import MountCase
from nt_records import alternate, record
from posix_users import OWNER, Fd
from posix_worker import Workers

OBJECT = record(3, 2, b"descriptor") + record(1, 0, b"main") \
    + alternate("a", b"one") + record(2, 0, b"attributes") \
    + record(8, 0, b"reparse") + record(7, 0, b"o" * 64) \
    + record(6, 0, b"property") + record(0x77, 0, b"raw")
STREAMS = ("security", "data", ":a", "ea", "reparse", "object_id", "property",
           "id_00000077")
R, W = os.O_RDONLY, os.O_WRONLY
F = Fd("f")


class Permissions(MountCase):
    def setUp(self):
        super().setUp()
        self.workers = Workers()
        self.addCleanup(self.workers.end)
        self.put("F", OBJECT)
        os.chown(self.under("F"), OWNER.uid, OWNER.gid)
        os.chmod(self.under("F"), 0o600)
        os.chmod(self.source, 0o755)
        self.workers.begin(self.tmp)

    def tearDown(self):
        self.workers.end()
        super().tearDown()

    def take(self, step):
        """Its result, or the name of an errno."""
        return self.workers.take(step)

    def does(self, step, result=None):
        self.assertEqual(self.take(step), result, step)

    def refuses(self, step, *codes):
        self.assertIn(self.take(step), codes or ("EACCES",), step)

    def forget_attributes(self):
        """The kernel's, of what was changed below."""
        self.remount()

    def may(self, user, path, flags):
        return self.take(user.open(path, flags)) is None
