#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The daemon is killed in the middle of what shell commands ask of it.

strace kills it at its n-th call of some that write, also as it mounts and
recovers. Then it is mounted again: each underlying file must be what it was
before the command that was cut off, or after it; after those that had ended,
it must be what they made of it.
"""

import os
import random
import shutil
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from mountcase import Mount, MountCase, bkupfs, end_with_parent, main, \
    read, skip_all, wait_for
from nt_records import alternate, record

POINTS = 100
COMMANDS = 20  # between two kills, at most
LARGE = 3 << 20
# At which calls it is killed, and at most at the how manieth of a thread.
CALLS = [
    ("pwrite64,pwritev", 4),
    ("copy_file_range,ftruncate,fallocate", 1),
    ("rename,renameat,renameat2,linkat", 2),
    ("unlinkat,mkdirat", 3),
    ("fsync,fdatasync,sync_file_range", 2),
    ("fsetxattr,setxattr,fchmod,fchown,utimensat", 3),
    ("writev", 20),  # answers to the kernel
]
PATIENCE = 60


class DoomedMount(Mount):
    """A mount whose daemon is killed at a call; process is strace."""

    def __init__(self, source, point, log, calls, number):
        super().__init__(source, point, [], log)
        self.calls, self.number = calls, number

    def start(self):
        """Whether it came so far that there is a mount."""
        command = ["strace", "-f", "--seccomp-bpf", "-o", "/dev/null",
                   "-e", f"trace={self.calls}",
                   "-e", f"inject={self.calls}:signal=KILL:"
                   f"when={self.number}",
                   "setpriv", "--pdeathsig", "TERM",
                   bkupfs(), "-f", self.source, self.point]
        before = self.count()
        # Leaks cannot be looked for in a process that is traced.
        environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=end_with_parent, env=environment)
        wait_for(lambda: self.process.poll() is not None
                 or self.count() > before, 20, "mount")
        return self.process.poll() is None

    def daemon(self):
        """The daemon's process id, or None."""
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        try:
            with open(path, encoding="ascii") as children:
                return next((int(pid) for pid in children.read().split()), None)
        except OSError:
            return None

    def kill(self, seconds=0.0):
        """Ends it, if in so many seconds no call has; whether one had."""
        doomed = True
        try:
            self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            pid = self.daemon()
            doomed = pid is None
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
            self.process.wait(timeout=PATIENCE)
        while self.count():
            subprocess.run(["umount", "-l", self.point], check=True)
        return doomed

    def abandon(self):
        if self.process is not None and self.process.poll() is None:
            self.kill()


class Kills(MountCase):
    def setUp(self):
        if os.access("/dev/shm", os.W_OK):
            os.environ["TMPDIR"] = "/dev/shm"
        super().setUp()
        self.random = random.Random(1)
        self.versions = 0
        self.failure = None  # the last command that failed, and what it said
        self.state = {}
        small = record(3, 2, b"security") + record(1, 0, b"main" * 500)
        self.make("small", small + alternate("a", b"one"))
        self.make("linked", small + alternate("a", b"one"))
        self.make("large", record(1, 0, b"x" * LARGE) + alternate("a", b"one"))
        os.link(self.under("linked"), self.under("other"))

    def make(self, name, data):
        self.put(name, data)
        self.state[name] = self.found(name)

    def found(self, name):
        """The streams of what stands at a name; {} if there are none."""
        if not os.path.isfile(self.under(name)):
            return {}
        return {os.fsdecode(child): content
                for child, content in self.contents(name).items()}

    def text(self, size=None):
        """A file with content that was never written before."""
        self.versions += 1
        text = f"version {self.versions};".encode()
        if size:
            text = (text * (size // len(text) + 1))[:size]
        path = os.path.join(self.tmp, "text")
        with open(path, "wb") as file:
            file.write(text)
        return path, text

    # Each command: the object, its versions from now on, what to run.

    def copy(self, name):
        old, (path, text) = self.state[name], self.text()
        child = self.random.choice(["data", ":a", ":b", "ea"])
        return [{**old, child: text}], ["cp", path, self.at(name, child)]

    def copy_large(self, name):
        old, (path, text) = self.state[name], self.text(LARGE)
        return [{**old, "data": text}], ["cp", path, self.at(name, "data")]

    def echo(self, name):
        """What a shell redirects is closed twice, first when it is empty."""
        old, (path, text) = self.state[name], self.text()
        return ([{**old, ":a": b""}, {**old, ":a": text}],
                ["sh", "-c", 'cat "$0" >"$1"', path, self.at(name, ":a")])

    def patch(self, name):
        """What dd opens, and so makes, it closes once it is its output."""
        old, (path, text) = self.state[name], self.text(4096)
        data = old.get("data", b"")
        place = self.random.randrange(len(data) // 4096 + 1)
        data = data[:place * 4096] + text + data[(place + 1) * 4096:]
        made = [] if "data" in old else [{**old, "data": b""}]
        return [*made, {**old, "data": data}], [
            "dd", f"if={path}", f"of={self.at(name, 'data')}", "bs=4096",
            f"seek={place}", "conv=notrunc,fsync", "status=none"]

    def move(self, name):
        new = dict(self.state[name])
        if not new:
            return self.copy(name)
        child = self.random.choice(sorted(new))
        self.versions += 1
        to = f":moved {self.versions}"
        new[to] = new.pop(child)
        return [new], ["mv", self.at(name, child), self.at(name, to)]

    def remove(self, name):
        new = dict(self.state[name])
        if not new:
            return self.copy(name)
        child = self.random.choice(sorted(new))
        del new[child]
        return [new], ["rm", self.at(name, child)]

    def synchronise(self, name):
        old, (path, text) = self.state[name], self.text()
        return [{**old, "data": text}], ["rsync", "-aI", path,
                                         self.at(name, "data")]

    def command(self, name):
        """What rsync leaves below its scratch name goes first."""
        kinds = [self.copy, self.echo, self.patch, self.move, self.remove,
                 self.synchronise]
        if name == "large":
            kinds = [self.copy, self.patch, self.patch, self.echo,
                     self.copy_large]
        return self.random.choice(kinds)(name)

    def check(self, name, allowed):
        got = self.found(name)
        self.assertTrue(
            got in allowed,
            (name, {child: text[:40] for child, text in got.items()},
             [{child: text[:40] for child, text in version.items()}
              for version in allowed]))
        self.state[name] = got

    def run_commands(self):
        """Runs commands until one fails; (object, versions) of that one."""
        for _ in range(COMMANDS):
            name = self.random.choice(sorted(self.state))
            versions, command = self.command(name)
            done = subprocess.run(command, check=False, timeout=PATIENCE,
                                  stdin=subprocess.DEVNULL,
                                  capture_output=True)
            if done.returncode:
                self.failure = command, done.stderr
                return name, [self.state[name], *versions]
            self.state[name] = versions[-1]
        return None, None

    def sweep(self):
        """Removes the scratch that a killed rsync leaves."""
        for name in sorted(self.state):
            if os.path.isfile(self.under(name)):
                for child in os.listdir(self.at(name)):
                    if child.startswith("."):
                        os.unlink(self.at(name, child))

    def judge(self, name, versions):
        """Mounts as usual, and looks at all there is."""
        mount = self.mount()
        for other, state in self.state.items():
            self.check(other, versions if other == name else [state])
        self.assertEqual(mount.lines("cannot"), [])
        self.sweep()
        mount.stop()
        os.unlink(mount.log)
        self.mounts.remove(mount)

    def one_kill(self, calls, number):
        """Whether the daemon was killed at the n-th of some calls."""
        log = os.path.join(self.tmp, "log.doomed")
        doomed = DoomedMount(self.source, self.point, log, calls, number)
        self.addCleanup(doomed.abandon)
        name, versions = None, None
        if doomed.start():
            name, versions = self.run_commands()
        killed = doomed.kill(5 if name else 0.05)
        self.assertTrue(killed or name is None, self.failure)
        self.judge(name, versions)
        return killed

    def test_each_file_is_old_or_new(self):
        points = 0
        for turn in range(3 * POINTS):
            calls, most = CALLS[turn % len(CALLS)]
            points += self.one_kill(calls, self.random.randint(1, most))
            if points >= POINTS:
                break
        print(f"killed at {points} points")
        self.assertGreaterEqual(points, POINTS)
        self.assertEqual(os.stat(self.under("linked")).st_nlink, 2)
        self.assertEqual(read(self.under("linked")), read(self.under("other")))


if __name__ == "__main__":
    for program in ("strace", "setpriv", "rsync"):
        if not shutil.which(program):
            skip_all(f"{program} is not installed")
    main()
