#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Underlying files that are stuck keep nobody from the others.

SOURCE is on stuck_fs, which lets nobody go who looks at, opens, reads or
writes files that are named so.
"""

import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from mountcase import (MountCase, end_with_parent, main, mount_points, read,
                       skip_all, wait_for, write)
from nt_records import alternate, record

# Of each kind. All together are more than there ever were threads, and
# than the kernel lets requests wait in the background by default.
EACH = 25
# Seconds, for what is done meanwhile; it could wait for ever.
PATIENCE = 30
LARGE = b"large" * 100_000

# What is done beside stuck files, in a directory of the mount that has them.
MEANWHILE = {
    "list": "ls && ls mv/deep",
    "look": "stat other mv/deep/other && ls -la other",
    "read": "grep -q main other/data && grep -q one other/:a",
    "write": "echo changed >other/data && grep -q changed other/data",
    "write at once": "for n in 1 2 3 4 5; do echo $n >other/:$n & done; wait;"
                     " cat other/:5",
    "make": "mkdir new && echo new >new/data && grep -q new new/data",
    "make a directory": "mkdir -p newdir/below && rmdir newdir/below newdir",
    "make scratch": "echo x >other/.tmp && mv other/.tmp other/:tmp",
    "rename a stream": "mv other/:a other/:b && grep -q one other/:b",
    "rename an object": "mv other renamed && cat renamed/data"
                        " && mv renamed other",
    "rename a directory": "mv mv/deep mv/moved && cat mv/moved/other/data"
                          " && mv mv/moved mv/deep",
    "replace": "mkdir empty && mv -T other empty && mv empty other",
    "attributes": "chmod 600 other && touch -d 2020-01-01 other/data"
                  " && getfattr -n user.bkupfs.xxh3 other/data",
    "remove": "rm other/:b && rm new/data && rmdir new",
    "space": "df .",
}


class Stuck(MountCase):
    def setUp(self):
        super().setUp()
        self.backing = self.directory("backing")
        self.gate = os.path.join(self.tmp, "gate")
        self.below = subprocess.Popen(
            [os.environ["STUCK_FS"], self.backing, self.gate, self.source],
            preexec_fn=end_with_parent)
        self.addCleanup(self.end_below)
        wait_for(lambda: (self.source, "fuse.stuck_fs") in mount_points()
                 or self.below.poll() is not None, 20, "stuck_fs")
        # The mount goes first, and cannot go while anything is stuck.
        self.addCleanup(self._clean)
        self.addCleanup(self.open_gate)

    def end_below(self):
        subprocess.run(["umount", "-l", self.source], check=False)
        try:
            self.below.wait(timeout=20)
        finally:
            self.below.kill()
            self.below.wait()

    def open_gate(self):
        if os.path.exists(self.gate):
            os.unlink(self.gate)

    def start(self, command):
        return subprocess.Popen(["sh", "-c", command], cwd=self.point,
                                stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)

    def fill(self):
        for number in range(EACH):
            for kind in ("stat", "open", "read", "write"):
                self.put(f"stuck-{kind}-{number}",
                         record(3, 2, b"security") + record(1, 0, b"main\n"))
            self.put(f"stuck-read-data-{number}", record(1, 0, LARGE))
            # What has two names is changed in place.
            os.link(os.path.join(self.backing, f"stuck-write-{number}"),
                    os.path.join(self.backing, f"link-{number}"))
        data = record(1, 0, b"main\n") + alternate("a", b"one\n")
        self.put("other", data)
        os.makedirs(self.under("mv", "deep"))
        self.put("mv/deep/other", data)

    def stick(self):
        """Processes that hang, with what they will print."""
        wanted = {}
        for n in range(EACH):
            wanted[f"stat -c %F stuck-stat-{n}"] = b"directory\n"
            wanted[f"cat stuck-open-{n}/data"] = b"main\n"
            wanted[f"cat stuck-read-{n}/data"] = b"main\n"
            wanted[f"cat stuck-read-data-{n}/data"] = LARGE
            wanted[f"echo other >stuck-write-{n}/data"] = b""
        return [(self.start(command), output)
                for command, output in wanted.items()]

    def run_meanwhile(self, command):
        """Returns the seconds it took. Who hangs can be ended only once the
        gate is open."""
        start = time.monotonic()
        process = self.start("set -e; " + command)
        try:
            printed, _ = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.open_gate()
            process.kill()
            process.communicate()
            self.fail("hangs")
        self.assertEqual(process.returncode, 0, printed)
        return round(time.monotonic() - start, 2)

    def test_others_go_on(self):
        self.fill()
        self.mount()
        # The kernel locks a directory in which it looks for a new name.
        self.run_tool("ls", "-l", self.point)
        for number in range(EACH):
            os.listdir(self.at(f"stuck-read-data-{number}"))
        write(self.gate, b"")
        time.sleep(1.5)
        stuck = self.stick()
        time.sleep(1.5)
        for process, _ in stuck:
            self.assertIsNone(process.poll(), process.args)
        taken = {}
        for what, command in MEANWHILE.items():
            taken[what] = self.run_meanwhile(command)
        print(taken)
        for process, _ in stuck:
            self.assertIsNone(process.poll(), process.args)
        self.open_gate()
        for process, output in stuck:
            printed, _ = process.communicate(timeout=PATIENCE)
            self.assertEqual(process.returncode, 0, (process.args, printed))
            self.assertEqual(printed, output, process.args)
        self.mounts[-1].stop()
        for number in range(EACH):
            self.assertEqual(self.contents(f"stuck-write-{number}"),
                             {b"security": b"security", b"data": b"other\n"})
        self.assertEqual(read(os.path.join(self.backing, "link-0")),
                         read(self.under("stuck-write-0")))


if __name__ == "__main__":
    if not os.environ.get("STUCK_FS"):
        skip_all("STUCK_FS names no stuck_fs")
    main()
