#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The process that mounts, and unmounts for a daemon that may not."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from mountcase import MountCase, bkupfs, end_with_parent, main, \
    mount_points, read, wait_for
from nt_records import record


def children(pid):
    return [int(child) for child in
            read(f"/proc/{pid}/task/{pid}/children").split()]


def has_ended(pid):
    try:
        return read(f"/proc/{pid}/stat").rsplit(b")", 1)[1].split()[0] == b"Z"
    except OSError:
        return True


class Mounter(MountCase):
    def setUp(self):
        super().setUp()
        self.put("F", record(1, 0, b"content"))

    def serves(self):
        self.assertEqual(read(self.at("F", "data")), b"content")

    def only_child(self, mount):
        found = children(mount.process.pid)
        self.assertEqual(len(found), 1, found)
        return found[0]

    def test_holds_nothing(self):
        mount = self.mount()
        mounter = self.only_child(mount)
        self.assertEqual(sorted(os.listdir(f"/proc/{mounter}/fd")),
                         ["0", "1", "2"])
        self.assertIn("socket:", os.readlink(f"/proc/{mounter}/fd/0"))
        mount.stop()
        self.assertTrue(has_ended(mounter))

    def test_heeds_no_signal(self):
        mount = self.mount()
        mounter = self.only_child(mount)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(mounter, number)
        self.serves()
        mount.process.terminate()
        self.assertEqual(mount.end(), 0)
        self.assertFalse(os.path.ismount(self.point))
        self.assertTrue(has_ended(mounter))

    def test_daemon_dies(self):
        """The mount is left as it is, and nobody is there any more."""
        mount = self.mount()
        mounter = self.only_child(mount)
        mount.process.kill()
        mount.end()
        wait_for(lambda: has_ended(mounter), 10, "the mounter's end")
        self.fails(errno.ENOTCONN, os.listdir, self.point)
        subprocess.run(["umount", "-l", self.point], check=True)

    def test_daemon_dies_before_it_answers(self):
        """It must not wait for an answer of its own."""
        if not shutil.which("strace"):
            self.skipTest("strace is not installed")
        slow = subprocess.Popen(
            ["strace", "-f", "-o", "/dev/null", "-e", "trace=writev", "-e",
             "inject=writev:delay_enter=1000000", bkupfs(), "-f", self.source,
             self.point], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=end_with_parent,
            env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
        self.addCleanup(slow.kill)
        self.addCleanup(subprocess.run, ["umount", "-f", "-l", self.point],
                        check=False, stderr=subprocess.DEVNULL)
        wait_for(lambda: self.point in dict(mount_points()), 20, "the mount")
        # The answer to INIT comes after a second, the next one after two.
        time.sleep(1.5)
        os.kill(children(slow.pid)[0], signal.SIGKILL)
        slow.wait(timeout=20)
        subprocess.run(["umount", "-l", self.point], check=True)

    def test_it_dies(self):
        """The daemon serves on, and says that it could not unmount."""
        mount = self.mount()
        wait_for(lambda: mount.lines(": mounted "), 20, "the mount's answer")
        os.kill(self.only_child(mount), signal.SIGKILL)
        self.serves()
        mount.process.terminate()
        self.assertEqual(mount.end(), 1)
        self.assertEqual(len(mount.lines("cannot unmount ")), 1)
        self.fails(errno.ENOTCONN, os.listdir, self.point)
        subprocess.run(["umount", "-l", self.point], check=True)


if __name__ == "__main__":
    main()
