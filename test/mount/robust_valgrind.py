#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A session under valgrind's memcheck: no error, and nothing is lost.

It sees what sanitizers do not: what is read before it was written, also in the
libraries. Not for builds with sanitizers, which valgrind cannot run.
"""

import os
import shutil
import signal
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from mountcase import SANITIZED, MountCase, main, read, skip_all, write
from nt_records import alternate, record

FOUND = 99
VALGRIND = ["valgrind", "--quiet", "--leak-check=full",
            "--errors-for-leak-kinds=definite,indirect,possible",
            "--show-leak-kinds=definite,indirect,possible",
            # A thread of the daemon waits for what another one answers.
            "--sim-hints=fuse-compatible", "--trace-children=no",
            f"--error-exitcode={FOUND}", "--suppressions=" + os.path.join(
                os.path.dirname(os.path.abspath(__file__)), "valgrind.supp")]


class Memcheck(MountCase):
    def setUp(self):
        super().setUp()
        self.put("F", record(3, 2, b"security")
                 + record(1, 0, os.urandom(3000000)) + alternate("a", b"one"))
        self.put("linked", record(1, 0, b"main" * 500) + alternate("a", b"1"))
        os.link(self.under("linked"), self.under("other"))
        self.put("broken", b"no backup file")

    def mount_checked(self, *options):
        # valgrind itself needs more than a confined daemon may do.
        shim = {"LD_PRELOAD": os.environ.get("VALGRIND_SHIM", "")}
        return self.mount("-o", "sandbox=off", *options, wrapper=VALGRIND,
                          environment=shim)

    def session(self):
        """Some of everything."""
        self.run_tool("ls", "-l", self.point, self.at("F"))
        read(self.at("F/data"))
        write(self.at("F/data"), b"another text")
        write(self.at("F/:a"), b"longer than it was")
        write(self.at("linked/:a"), b"in place")
        os.truncate(self.at("linked/data"), 100)
        os.rename(self.at("F/:a"), self.at("F/:b"))
        os.rename(self.at("F"), self.at("G"))
        os.unlink(self.at("G/security"))
        os.mkdir(self.at("new"))
        os.setxattr(self.at("G/:b"), "user.bkupfs.attributes", b"2")
        os.getxattr(self.at("G/:b"), "user.bkupfs.xxh3")
        os.utime(self.at("G/:b"), (1, 1))
        with self.assertRaises(OSError):
            os.listdir(self.at("broken"))
        plain = os.path.join(self.tmp, "plain")
        self.run_tool("rsync", "-a", "--exclude=broken",
                      "--exclude=other", self.point + "/",
                      plain)
        self.run_tool("rsync", "-a", plain + "/", self.at("new"))
        self.assertEqual(self.contents("G"), {b"data": b"another text",
                                              b":b": b"longer than it was"})
        self.assertEqual(self.contents("new/G"), self.contents("G"))

    def check(self, mount):
        """The daemon ends with 0: with another status, if it found a thing."""
        self.assertEqual(mount.lines("=="), [], mount.text())

    def test_a_session(self):
        mount = self.mount_checked()
        self.session()
        mount.stop()
        self.check(mount)

    def test_an_end_with_open_files(self):
        mount = self.mount_checked()
        reader = os.open(self.at("F/data"), os.O_RDONLY)
        directory = os.open(self.at("F"), os.O_RDONLY)
        writer = os.open(self.at("F/data"), os.O_RDWR)
        os.write(writer, b"staged")
        mount.process.send_signal(signal.SIGTERM)
        self.assertEqual(mount.end(), 0, mount.text())
        for fd in (reader, directory, writer):
            try:
                os.close(fd)
            except OSError:
                pass
        self.assertEqual(len(mount.lines("is kept as")), 1)
        self.check(mount)


if __name__ == "__main__":
    if SANITIZED:
        skip_all("valgrind cannot run a build with sanitizers")
    if not shutil.which("valgrind"):
        skip_all("valgrind is not installed")
    main()
