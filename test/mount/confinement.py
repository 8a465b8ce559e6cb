#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What a confined daemon cannot do, and how it goes on without confinement.

INJECT has a thread of the daemon make system calls, as if somebody had taken
it over; LACKING runs a daemon on a kernel that lacks something.
"""

import errno
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from mountcase import MountCase, bkupfs, main, read, write
from nt_records import record

AT_FDCWD = -100
AF_UNIX, AF_INET = 1, 2
SOCK_STREAM = 1
PROT_READ_EXEC = 5
MAP_PRIVATE_ANONYMOUS = 0x22
TCGETS = 0x5401
# The part that is lacking with a call.
LACKING = {
    "landlock_create_ruleset": "landlock",
    "seccomp": "seccomp",
    "prctl=38": "no new privileges",
    "prctl=4": "no core dumps",
}
PARTS = ("no core dumps", "resource limits", "no new privileges", "landlock",
         "seccomp")


def threads(pid):
    return [int(tid) for tid in os.listdir(f"/proc/{pid}/task")]


def status(pid, tid):
    """{field: text} of a thread."""
    text = read(f"/proc/{pid}/task/{tid}/status").decode()
    return dict(line.split(":\t", 1) for line in text.splitlines())


def limit(pid, name):
    """(soft, hard) of a process."""
    text = read(f"/proc/{pid}/limits").decode()
    return re.search(f"^{name} +(\\S+) +(\\S+)", text, re.M).groups()


class Confinement(MountCase):
    def setUp(self):
        super().setUp()
        self.put("F", record(1, 0, b"content"))
        self.secret = os.path.join(self.tmp, "secret")
        write(self.secret, b"secret")
        os.symlink(self.secret, self.under("link"))

    def inject(self, mount, call, *arguments):
        """What a call of the daemon's returns: an errno is negative."""
        done = subprocess.run(
            [os.environ["INJECT"], str(mount.process.pid), call,
             *[str(argument) for argument in arguments]],
            capture_output=True, check=False, timeout=60)
        if done.returncode == 77:
            self.skipTest(done.stdout.decode().strip())
        self.assertEqual(done.returncode, 0, done.stderr)
        return int(done.stdout)

    def opens(self, mount, path, flags=os.O_RDONLY):
        """Whether the daemon can open a file: 0, or an errno."""
        fd = self.inject(mount, "openat", AT_FDCWD, path, flags, 0o600)
        if fd < 0:
            return -fd
        self.assertEqual(self.inject(mount, "close", fd), 0)
        return 0

    def serves(self):
        """Asserts that the mount can be read and written."""
        write(self.at("F", ":a"), b"new")
        self.assertEqual(read(self.at("F", ":a")), b"new")
        self.assertEqual(self.contents("F"), {b"data": b"content",
                                              b":a": b"new"})


class Confined(Confinement):
    def test_every_thread(self):
        mount = self.mount("-o", "sandbox=require")
        self.serves()
        pid = mount.process.pid
        self.assertGreater(len(threads(pid)), 1)
        for tid in threads(pid):
            found = status(pid, tid)
            self.assertEqual(found["NoNewPrivs"], "1")
            self.assertEqual(found["Seccomp"], "2")
        for name in ("Max core file size", "Max locked memory",
                     "Max msgqueue size", "Max realtime priority"):
            self.assertEqual(limit(pid, name), ("0", "0"), name)
        got = mount.lines(": confined: ")
        self.assertEqual(len(got), 1)
        for part in PARTS:
            self.assertIn(part, got[0])
        mount.stop()

    def test_files(self):
        mount = self.mount()
        beside = self.under("..", "secret")
        self.assertEqual(self.opens(mount, self.under("F")), 0)
        self.assertEqual(self.opens(mount, self.under("F"), os.O_RDWR), 0)
        for path in ("/etc/passwd", "/dev/null", self.secret, beside,
                     self.under("link")):
            self.assertEqual(self.opens(mount, path), errno.EACCES, path)
        made = os.path.join(self.tmp, "made")
        self.assertEqual(self.opens(mount, made, os.O_WRONLY | os.O_CREAT),
                         errno.EACCES)
        self.assertEqual(self.inject(mount, "mkdirat", AT_FDCWD, made, 0o700),
                         -errno.EACCES)
        self.assertFalse(os.path.exists(made))
        for old, new in ((self.secret, self.under("G")),
                         (self.under("F"), made)):
            moved = self.inject(mount, "renameat2", AT_FDCWD, old, AT_FDCWD,
                                new, 0)
            self.assertIn(-moved, (errno.EACCES, errno.EXDEV))
        self.assertEqual(self.inject(mount, "unlinkat", AT_FDCWD, self.secret,
                                     0), -errno.EACCES)
        self.serves()
        mount.stop()

    def test_reading_only(self):
        mount = self.mount("-o", "ro")
        self.assertEqual(self.opens(mount, self.under("F")), 0)
        self.assertEqual(self.opens(mount, self.under("F"), os.O_RDWR),
                         errno.EACCES)
        self.assertEqual(read(self.at("F", "data")), b"content")
        mount.stop()

    def test_calls(self):
        mount = self.mount()
        for call in (("execve", "/bin/true", 0, 0),
                     ("socket", AF_INET, SOCK_STREAM, 0),
                     ("mount", "/", "/", 0, 0, 0),
                     ("umount2", self.point, 0),
                     ("chroot", "/"),
                     ("bpf", 0, 0, 0),
                     ("io_uring_setup", 1, 0),
                     ("clone3", 0, 0),
                     ("truncate", self.secret, 0),
                     ("ioctl", 0, TCGETS, 0),
                     ("mmap", 0, 4096, PROT_READ_EXEC, MAP_PRIVATE_ANONYMOUS,
                      -1, 0)):
            self.assertEqual(self.inject(mount, *call), -errno.ENOSYS, call)
        fd = self.inject(mount, "socket", AF_UNIX, SOCK_STREAM, 0)
        self.assertGreater(fd, 2)
        self.serves()
        mount.stop()

    def test_without(self):
        """What is tried above works in a daemon that is not confined."""
        mount = self.mount("-o", "sandbox=off")
        pid = mount.process.pid
        self.assertEqual(status(pid, pid)["Seccomp"], "0")
        self.assertEqual(self.opens(mount, self.secret), 0)
        self.assertEqual(self.opens(mount, self.under("link")), 0)
        fd = self.inject(mount, "socket", AF_INET, SOCK_STREAM, 0)
        self.assertGreater(fd, 2)
        self.assertEqual(mount.lines("confined"), [])
        self.serves()
        mount.stop()


class Lacking(Confinement):
    def test_goes_on(self):
        for call, part in LACKING.items():
            with self.subTest(part):
                self.goes_on(call, part)

    def goes_on(self, call, part):
        mount = self.mount(wrapper=[os.environ["LACKING"], call])
        self.serves()
        self.assertEqual(
            len(mount.lines(f"cannot be confined by {part}: ")), 1)
        got = mount.lines(": confined: ")
        self.assertEqual(len(got), 1)
        for other in PARTS:
            self.assertEqual(other in got[0], other != part, got)
        # Landlock and seccomp each forbid to execute by itself.
        self.assertEqual(
            self.inject(mount, "execve", "/bin/true", 0, 0),
            -errno.EACCES if part == "seccomp" else -errno.ENOSYS)
        self.assertEqual(self.opens(mount, self.secret),
                         0 if part == "landlock" else errno.EACCES)
        mount.stop()

    def test_refuses(self):
        for call, part in LACKING.items():
            for foreground in ([], ["-f"]):
                with self.subTest(part, foreground=foreground):
                    self.refuses(call, part, foreground)

    def refuses(self, call, part, foreground):
        done = subprocess.run(
            [os.environ["LACKING"], call, bkupfs(), *foreground, "-o",
             "sandbox=require", self.source, self.point],
            capture_output=True, check=False, timeout=60)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
        self.assertIn(f"cannot be confined by {part}: ".encode(), done.stderr)
        self.assertFalse(os.path.ismount(self.point))

    def test_says_nothing_in_the_background(self):
        done = subprocess.run(
            [os.environ["LACKING"], "seccomp", bkupfs(), self.source,
             self.point], capture_output=True, check=False, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.serves()
        subprocess.run(["umount", self.point], check=True)
        subprocess.run([bkupfs(), "--wait", self.point], check=True,
                       timeout=60)


if __name__ == "__main__":
    main()
