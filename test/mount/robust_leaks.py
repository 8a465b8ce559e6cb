#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A self-check: a daemon that leaks fails the test that mounted it.

All tests on mounts rely on that, by the daemon's exit status and its log.
"""

import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from mountcase import BAD_WORDS, SANITIZED, MountCase, bkupfs, main, read, \
    skip_all
from nt_records import record

SHIM = os.environ.get("LEAK_SHIM", "")


def sanitizer():
    """The library that must be loaded before any other, or None."""
    listed = subprocess.run(["ldd", bkupfs()], check=True,
                            capture_output=True, text=True).stdout
    return next((line.split()[2] for line in listed.splitlines()
                 if "libasan" in line), None)


class Leaks(MountCase):
    def test_a_leak_fails_the_test(self):
        self.put("F", record(1, 0, b"text"))
        mount = self.mount(environment={
            "LD_PRELOAD": f"{sanitizer()}:{SHIM}"})
        self.assertEqual(read(self.at("F/data")), b"text")
        with self.assertRaises(AssertionError) as caught:
            mount.stop()
        self.assertIn("daemon exited with", str(caught.exception))
        log = read(mount.log)
        self.assertIn(b"leaked", log)
        self.assertTrue(BAD_WORDS.search(log), log)
        # It said what it should, and need not fail this test.
        self.mounts.remove(mount)

    def test_no_leak_does_not(self):
        self.put("F", record(1, 0, b"text"))
        mount = self.mount(environment={"LD_PRELOAD": sanitizer()})
        self.assertEqual(read(self.at("F/data")), b"text")
        mount.stop()


if __name__ == "__main__":
    if not SANITIZED or not sanitizer():
        skip_all("no AddressSanitizer in this build")
    main()
