#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""From one Samba share to another. Whether all arrived is judged by Samba's
own clients, in samba_observe.py."""

import os
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

# First: it may start the program again.
import samba_share
from journey import JourneyCase, bkup, run
from samba_observe import differences, observe
from samba_populate import populate
from samba_share import Share, missing
from mountcase import run_cases, skip_all


# There extended attributes are large.
BASE = "/dev/shm"


class Samba(JourneyCase):
    def carry_share(self, by, *options):
        target = tempfile.mkdtemp(prefix="bkupfs-live.", dir=BASE)
        self.addCleanup(shutil.rmtree, target)
        os.chmod(target, 0o755)
        with Share(base=BASE) as share:
            populate(share)
            before = observe(share)
            by(share.path, target, *options)
            with Share(path=target) as other:
                after = observe(other)
        self.assertGreater(len(before), 20)
        self.assertEqual(differences(before, after), [])

    def test_by_rsync_through_mounts(self):
        self.carry_share(self.by_rsync, "profile=samba")

    def test_streams_in_a_depot_are_captured(self):
        with Share(base=BASE, vfs=("acl_xattr", "streams_depot")) as share:
            populate(share)
            seen = observe(share)
            run(bkup(), "capture", "-r", "--profile", "samba", share.path,
                self.at("backup"))
        compared = 0
        for path, facts in seen.items():
            file = os.path.join(self.at("backup"), path)
            if os.path.isdir(file):
                file = os.path.join(file, ".streams")
            for what, content in facts.items():
                if not what.startswith("stream ") or what == "stream ::$DATA":
                    continue
                name = what.removeprefix("stream ").removesuffix(":$DATA")
                self.assertEqual(run(bkup(), "cat", file, name), content,
                                 (path, what))
                compared += 1
        self.assertGreater(compared, 3)

    def test_by_capture_and_restore(self):
        self.carry_share(self.by_bkup, "--profile", "samba")


if __name__ == "__main__":
    if missing(BASE):
        skip_all(missing(BASE))
    run_cases()
